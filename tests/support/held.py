"""How long a request holds the loop of the service that serves it in this process."""

from __future__ import annotations

import asyncio
import gc
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import grpc
from google.protobuf.message import Message

from services.chassis.wire import AUTHORIZATION_KEY, BEARER
from tests.support.chassis import Token
from tests.support.services import RunningService


async def held_ms(service: RunningService, path: str, request: Message) -> float:
    """The longest time of processor that the loop was held in one go, while the request was served:
    not of the clock, for other processes have their part of that. The caller has a thread of its
    own; the service is its admin's."""
    token = Token("users/ann", ("admin",), ("teams/north",), audience=service.name).token()
    data = request.SerializeToString()

    def ask() -> None:
        with grpc.insecure_channel(service.target) as channel:
            call: Any = channel.unary_unary(path)
            call(data, timeout=60, metadata=((AUTHORIZATION_KEY, f"{BEARER}{token}"),))

    asking = asyncio.ensure_future(asyncio.to_thread(ask))
    longest, since = 0.0, time.thread_time()
    with _no_collections():
        while not asking.done():
            await asyncio.sleep(0)
            now = time.thread_time()
            longest, since = max(longest, now - since), now
    await asking
    return 1000 * longest


@contextmanager
def _no_collections() -> Iterator[None]:
    """A process that serves has few of them, and no heap of a whole test suite to look through."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
