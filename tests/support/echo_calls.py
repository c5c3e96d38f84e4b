"""Calls to the echo service as tests write them, whatever the method's shape."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import grpc
import pytest

from services.chassis.errors import DomainError
from services.chassis.status import from_rpc_error
from tests.support import echo
from tests.support.chassis import ANN, Running, Token


async def call(running: Running, method: str, text: str = "hi", **options: Any) -> list[str]:
    """Calls a method of any shape; its replies as texts."""
    identity = options.pop("identity", ANN)
    async with running.connect(identity) as channel:
        stub = getattr(echo.echo_stub(channel), method)
        client_streaming, server_streaming = echo.METHODS[method]
        request: Any = echo.said(text)
        if client_streaming:
            request = _each(text.split())
        if server_streaming:
            async with channel.stream(stub, request) as replies:
                return [reply.text async for reply in replies]
        reply: str = (await stub(request, **options)).text
        return reply.split()


async def _each(words: list[str]) -> AsyncIterator[Any]:
    for word in words:
        yield echo.said(word)


async def refused(running: Running, method: str = "Say", **options: Any) -> DomainError:
    with pytest.raises(DomainError) as error:
        await call(running, method, **options)
    return error.value


async def refused_bytes(
    running: Running, method: str, data: bytes, identity: Token = ANN
) -> DomainError:
    """The error for a request of these very bytes."""
    async with grpc.aio.insecure_channel(running.target) as channel:
        shape = "_".join("stream" if streams else "unary" for streams in echo.METHODS[method])
        stub = getattr(channel, shape)(f"/{echo.SERVICE}/{method}")
        token = (("authorization", f"Bearer {identity.token()}"),)
        running_call = stub(_bytes(data) if echo.METHODS[method][0] else data, metadata=token)
        ended = _all(running_call) if echo.METHODS[method][1] else running_call
        with pytest.raises(grpc.aio.AioRpcError) as error:
            await ended
    return from_rpc_error(error.value)


async def _all(replies: AsyncIterator[bytes]) -> list[bytes]:
    return [reply async for reply in replies]


async def _bytes(data: bytes) -> AsyncIterator[bytes]:
    yield data


async def shout(text: str, _: Any) -> str:
    return text.upper()
