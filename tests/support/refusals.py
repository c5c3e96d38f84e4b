"""What a call is refused with, whether the stub or bare gRPC raises it."""

from __future__ import annotations

from collections.abc import Awaitable

import grpc
import pytest

from services.chassis.errors import DomainError, Kind
from services.chassis.status import from_rpc_error

__all__ = ["expect_not_found", "refusal"]


async def refusal(call: Awaitable[object]) -> DomainError:
    """Why the call is refused; the test fails where it isn't."""
    try:
        await call
    except DomainError as error:
        return error
    except grpc.aio.AioRpcError as error:
        return from_rpc_error(error)
    pytest.fail("nothing was refused")


async def expect_not_found(call: Awaitable[object]) -> None:
    error = await refusal(call)
    assert (error.kind, error.reason) == (Kind.NOT_FOUND, "NOT_FOUND")
