"""Looks before the start: is the folder ours to write in, is every port free?"""

from __future__ import annotations

import errno
import os
import socket
from collections.abc import Iterable
from pathlib import Path

from deploy.local.problems import CannotStart


def check_folder(folder: Path) -> None:
    """Makes the data folder if need be, for its owner only.

    Raises:
        CannotStart: it can't be made or written.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        probe = folder / f".write-{os.getpid()}"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise CannotStart(
            f"The data folder {folder.absolute()} can't be written ({error.strerror});"
            " name another one with GUANXI_DATA_DIR."
        ) from error


def check_ports(listeners: Iterable[tuple[str, str]]) -> None:
    """Looks whether each `(setting, host:port)` can be listened on.

    Raises:
        CannotStart: names the first that can't, and the setting that moves it.
    """
    for setting, address in listeners:
        host, _, port = address.rpartition(":")
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host.strip("[]") or "0.0.0.0", int(port)))  # noqa: S104 - as asked for
            except OSError as error:
                taken = error.errno == errno.EADDRINUSE
                reason = "is taken by another process" if taken else error.strerror
                raise CannotStart(
                    f"Port {port} {reason}; is Guanxi running already?"
                    f" {setting}=HOST:PORT chooses another one."
                ) from error
