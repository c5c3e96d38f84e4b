"""How the command reaches the gateway: where, with which key, and how an error reads."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import grpc
from google.rpc import code_pb2, error_details_pb2, status_pb2
from grpc_status import rpc_status

_MAX_MESSAGE_BYTES = 32 * 1024 * 1024
_DEVELOPMENT_KEY = Path(".guanxi/keys/development.key")
_TARGET_VARIABLE = "GUANXI_CLI_TARGET"
_USUAL_TARGET = "127.0.0.1:50050"

Metadata = tuple[tuple[str, str], ...]


class CommandError(Exception):
    """Something the user can mend, in one sentence."""


class Interrupted(CommandError):
    """The user interrupted a command; the sentence says how far it got."""


@dataclass(frozen=True, slots=True)
class Connection:
    """An open channel to the gateway and the metadata that signs the caller in."""

    channel: grpc.aio.Channel
    metadata: Metadata


def api_key() -> str:
    """The caller's key: GUANXI_CLI_API_KEY, or the development key that `make run` wrote.

    Raises:
        CommandError: there is neither.
    """
    if key := os.environ.get("GUANXI_CLI_API_KEY"):
        return key
    if _DEVELOPMENT_KEY.is_file():
        return _DEVELOPMENT_KEY.read_text(encoding="utf-8").strip()
    raise CommandError(
        "No API key: set GUANXI_CLI_API_KEY, or start the suite here with `make run`,"
        f" which writes a development key to {_DEVELOPMENT_KEY}."
    )


@asynccontextmanager
async def connect(target: str = "", key: str = "") -> AsyncIterator[Connection]:
    """Opens a channel to the gateway; what is not given comes from the environment.

    The target is GUANXI_CLI_TARGET, or 127.0.0.1:50050; for the key see `api_key`.
    """
    target = target or _target()
    metadata = (("authorization", f"Bearer {key or api_key()}"),)
    options = (
        ("grpc.max_send_message_length", _MAX_MESSAGE_BYTES),
        ("grpc.max_receive_message_length", _MAX_MESSAGE_BYTES),
    )
    async with grpc.aio.insecure_channel(target, options=options) as channel:
        yield Connection(channel, metadata)


def _target() -> str:
    return os.environ.get(_TARGET_VARIABLE, _USUAL_TARGET)


@contextmanager
def plain_errors() -> Iterator[None]:
    """Turns a failed call into the sentence that the user reads."""
    try:
        yield
    except grpc.aio.AioRpcError as error:
        raise CommandError(describe(status_of(error))) from error


def status_of(error: grpc.aio.AioRpcError) -> status_pb2.Status:
    """The status of a failed call with its details, where the server sent some."""
    status: status_pb2.Status | None = rpc_status.from_call(
        error  # type: ignore[arg-type]  # grpc.aio's has what from_call reads, and another type
    )
    if status is not None:
        return status
    return status_pb2.Status(code=error.code().value[0], message=error.details() or "")


def error_info(status: status_pb2.Status) -> error_details_pb2.ErrorInfo:
    """The machine-readable reason of a status; empty if it has none."""
    info = error_details_pb2.ErrorInfo()
    for detail in status.details:
        if detail.Unpack(info):
            return info
    return error_details_pb2.ErrorInfo()


def retry_after_seconds(status: status_pb2.Status) -> float | None:
    """How long the server asks to wait before another try."""
    retry = error_details_pb2.RetryInfo()
    for detail in status.details:
        if detail.Unpack(retry):
            return retry.retry_delay.ToTimedelta().total_seconds()
    return None


def describe(status: status_pb2.Status) -> str:
    """One line for people: the message, or each field and what is wrong with it."""
    if status.code == code_pb2.UNAVAILABLE and not status.details:
        # No word of the gateway, which says more: nobody answers there, or somebody else.
        return (
            f"No gateway answers gRPC at {_target()}. Is the suite running (`make run`)? "
            f"{_TARGET_VARIABLE} says where its gRPC port is."
        )
    bad_request = error_details_pb2.BadRequest()
    for detail in status.details:
        if detail.Unpack(bad_request) and bad_request.field_violations:
            return "; ".join(f"{v.field}: {v.description}" for v in bad_request.field_violations)
    return status.message or f"error {status.code}"
