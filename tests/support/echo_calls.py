"""Calls to the echo service as tests write them, whatever the method's shape."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from services.chassis.errors import DomainError
from tests.support import echo
from tests.support.chassis import ANN, Running


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


async def shout(text: str, _: Any) -> str:
    return text.upper()
