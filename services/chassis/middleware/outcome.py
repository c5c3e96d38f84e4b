"""What became of a call, in the words of logs and metrics."""

import asyncio
from typing import Any

import grpc

from services.chassis.errors import DomainError, Kind

__all__ = ["OK", "outcome_of"]

OK = "OK"


def outcome_of(
    error: BaseException, context: grpc.aio.ServicerContext[Any, Any]
) -> tuple[str, str]:
    """Canonical code and reason of a call that ended in an exception."""
    if isinstance(error, DomainError):
        return error.kind.value, error.reason
    if isinstance(error, asyncio.CancelledError):
        return Kind.CANCELLED.value, ""
    if isinstance(error, grpc.aio.AbortError):
        return grpc.StatusCode(context.code()).name, ""
    return Kind.INTERNAL.value, type(error).__name__
