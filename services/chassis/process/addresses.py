"""Addresses to listen on, and one clear sentence where one cannot be had."""

import os
import socket

from services.chassis.errors import StartRefused

__all__ = ["bind", "refuse_taken"]

_UNIX = "unix:"
_HIGHEST_PORT = 65_535


def bind(address: str, variable: str) -> socket.socket:
    """A bound TCP socket for `host:port`; `variable` is the setting the address comes from.

    Raises StartRefused where the address is malformed, taken or not this machine's.
    """
    host, separator, port = address.rpartition(":")
    if not separator or not port.isdigit() or int(port) > _HIGHEST_PORT:
        raise StartRefused(f"{variable}: {address!r} is not of the form host:port")
    host = host.removeprefix("[").removesuffix("]")
    try:
        family, kind, protocol, _, target = socket.getaddrinfo(
            host or None, int(port), type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        bound = socket.socket(family, kind, protocol)
        try:
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            bound.bind(target)
            bound.listen()
        except OSError:
            bound.close()
            raise
    except OSError as error:
        # The resolver's own errors have negative numbers and a text of their own.
        number = error.errno or 0
        reason = os.strerror(number) if number > 0 else str(error.strerror)
        raise StartRefused(
            f"{address} cannot be listened on ({reason}): "
            f"stop whatever uses it, or set {variable} to another address"
        ) from error
    bound.setblocking(False)
    return bound


def refuse_taken(address: str, variable: str) -> None:
    """Raises StartRefused where `bind` would; for servers that bind by themselves and say less."""
    if not address.startswith(_UNIX):
        bind(address, variable).close()
