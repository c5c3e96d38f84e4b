"""A stream of replies that goes on where its connection to the service ended.

Connections are renewed by age, so that replicas are found, and a watch grows older than any of
them; and a service shows a stream what its caller saw when they began. Where a method's replies say
where the stream stands (`resume_token`), the next call goes on from there, and the reader notices
nothing.
"""

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import grpc

from gateway.backends import details_of, draining
from gateway.contract import Contract
from gateway.transcode.wire import as_text, last_text

__all__ = ["Positions", "Replies", "positions_of"]

_FIELD = "resume_token"
# How grpc.aio tells that its server has renewed the connection.
_RENEWED = "max connection age"


@dataclass(frozen=True, slots=True)
class Positions:
    """The numbers of the field that says where a stream stands and where it is to go on."""

    in_reply: int
    in_request: int

    def after(self, reply: bytes, request: bytes) -> bytes | None:
        """The request that goes on after a reply; None where that doesn't say where it stands."""
        position = last_text(reply, self.in_reply)
        # Of a field given twice the last one counts.
        return request + as_text(self.in_request, position) if position else None


def positions_of(contract: Contract) -> Mapping[str, Positions]:
    """By path, of the methods whose streams can be resumed."""
    found = {}
    for method in contract.methods:
        numbers = [
            next((field.number for field in message.fields if field.name == _FIELD), None)
            for name in (method.response_type, method.request_type)
            if (message := contract.types.message(name)) is not None
        ]
        match numbers:
            case [int(in_reply), int(in_request)] if method.server_streaming:
                found[method.path] = Positions(in_reply, in_request)
    return found


class Replies:
    """The replies of one call after another, to be used like one call."""

    def __init__(
        self,
        call: Callable[[Any, float | None], Any],
        request: Any,
        positions: Positions | None,
        timeout_seconds: float | None,
    ) -> None:
        """`call` calls the service with a request and a timeout, each time with what lets its
        caller in then; it may raise DomainError, and so may `read`."""
        self._call = call
        self._request = request
        self._positions = positions
        self._ends_at = None if timeout_seconds is None else time.monotonic() + timeout_seconds
        # Of the running call, as are the two that follow.
        self._running = call(request, timeout_seconds)
        self._begun_with = request
        self._last: bytes | None = None
        self._outdated = False

    async def initial_metadata(self) -> Any:
        return await self._running.initial_metadata()

    async def trailing_metadata(self) -> Any:
        return await self._running.trailing_metadata()

    async def read(self) -> Any:
        """The next reply, or grpc.aio.EOF; raises AioRpcError."""
        while True:
            try:
                reply = await self._running.read()
            except asyncio.CancelledError:
                if not self._outdated or _is_cancelled():
                    raise
                self._begin_anew()
                continue
            except grpc.aio.AioRpcError as error:
                self._go_on(error)
                continue
            if reply is not grpc.aio.EOF:
                self._last = reply
            return reply

    def cancel(self) -> None:
        """Ends what is running, and lets nothing follow it."""
        self._outdated = False
        self._running.cancel()

    def renew(self) -> None:
        """Has what follows be what the caller sees now: what is read next comes of another call, or
        raises DomainError where the stream can't be gone on with."""
        self._outdated = True
        self._running.cancel()

    def _seconds_left(self) -> float | None:
        return None if self._ends_at is None else max(0.0, self._ends_at - time.monotonic())

    def _go_on(self, error: grpc.aio.AioRpcError) -> None:
        """Calls again where the last call had got; raises the error where that can't be."""
        if error.code() is not grpc.StatusCode.UNAVAILABLE or details_of(error) is not None:
            raise error
        # A call that says nothing is not followed by another: the service is away.
        following = self._following()
        if following is not None:
            self._begin(following)
        elif _RENEWED in (error.details() or ""):
            raise draining() from error
        else:
            raise error

    def _begin_anew(self) -> None:
        """Calls again where the stream stands; raises DomainError where it doesn't say."""
        if self._positions is None:
            raise draining()
        following = self._begun_with if self._last is None else self._following()
        if following is None:
            raise draining()
        self._begin(following)

    def _following(self) -> bytes | None:
        """The request that goes on after the last reply, if it says where that stands."""
        if self._positions is None or self._last is None:
            return None
        return self._positions.after(self._last, self._request)

    def _begin(self, request: bytes) -> None:
        self._last, self._outdated = None, False
        self._begun_with = request
        self._running = self._call(request, self._seconds_left())


def _is_cancelled() -> bool:
    """Whether it is the reader's own task that is to end, and not a call that it reads."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
