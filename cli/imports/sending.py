"""Sends batches: two at a time, each with a request id of its own, so that a repeat after a lost
answer changes nothing."""

from __future__ import annotations

import asyncio
import re
import uuid
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeAlias, TypeVar

import grpc
from google.protobuf.message import Message
from google.rpc import code_pb2, status_pb2

from cli.connection import CommandError, describe, error_info, retry_after_seconds, status_of

_IN_FLIGHT = 2
_MAX_ITEMS = 1_000
_BATCH_OF = re.compile("Batch[A-Z][a-z]+([A-Z][a-z]+)Request")
_CALL_SECONDS = 120.0
_GIVE_UP_SECONDS = 60.0
_RETRIED = frozenset(
    {
        code_pb2.UNAVAILABLE,
        code_pb2.RESOURCE_EXHAUSTED,
        code_pb2.DEADLINE_EXCEEDED,
        code_pb2.ABORTED,
    }
)

RUN_IT_AGAIN = "Run it again: what is there already is left as it is."

Item = TypeVar("Item")
One = TypeVar("One")
Other = TypeVar("Other")
Request = TypeVar("Request", bound=Message)
Batches: TypeAlias = Iterator[tuple[int, Request]]


class BatchReply(Protocol):
    """What every batch method answers with."""

    @property
    def failed_requests(self) -> Mapping[int, status_pb2.Status]: ...


Call = Callable[..., Awaitable[BatchReply]]


@dataclass(slots=True)
class Tally:
    """What became of the items sent: the names of those that are there with other content, and the
    reasons of those that were refused."""

    created: int = 0
    unchanged: int = 0
    changed_elsewhere: dict[int, str] = field(default_factory=dict)
    refused: dict[int, status_pb2.Status] = field(default_factory=dict)


async def send_batches(
    call: Call,
    batches: Batches[Request],
    metadata: tuple[tuple[str, str], ...],
    on_progress: Callable[[int], None] = lambda count: None,
    tally: Tally | None = None,
) -> Tally:
    """Sends `(index of the first item, request)` pairs and adds up what became of the items, in
    the tally that is given, if one is to be read before the end.

    Raises:
        CommandError: a whole batch was refused, or the gateway stayed unreachable for a minute; it
            says what had gone in by then.
    """
    tally = Tally() if tally is None else tally
    slots = asyncio.Semaphore(_IN_FLIGHT)

    async def send(first: int, request: Request) -> None:
        try:
            reply = await _call_until_answered(call, request, metadata)
        except CommandError as error:
            raise CommandError(f"{error}{_so_far(tally, request)}") from error
        finally:
            slots.release()
        count = len(request.requests)  # type: ignore[attr-defined]  # every batch request has it
        _add(tally, first, count, reply)
        on_progress(count)

    try:
        async with asyncio.TaskGroup() as group:
            for first, request in batches:
                await slots.acquire()
                group.create_task(send(first, request))
    except* CommandError as errors:
        raise errors.exceptions[0] from None
    return tally


async def side_by_side(
    one: Coroutine[Any, Any, One], other: Coroutine[Any, Any, Other]
) -> tuple[One, Other]:
    """Runs both at the same time; where one fails, the other is ended.

    Raises:
        CommandError: what the one that failed raised.
    """
    try:
        async with asyncio.TaskGroup() as group:
            tasks = group.create_task(one), group.create_task(other)
    except* CommandError as errors:
        raise errors.exceptions[0] from None
    return tasks[0].result(), tasks[1].result()


def _add(tally: Tally, first: int, count: int, reply: BatchReply) -> None:
    tally.created += count - len(reply.failed_requests)
    for index, status in reply.failed_requests.items():
        metadata = error_info(status).metadata
        if status.code != code_pb2.ALREADY_EXISTS:
            tally.refused[first + index] = status
        elif metadata.get("unchanged") == "true":
            tally.unchanged += 1
        else:
            tally.changed_elsewhere[first + index] = metadata.get("resource", "")


async def _call_until_answered(
    call: Call, request: Request, metadata: tuple[tuple[str, str], ...]
) -> BatchReply:
    request.request_id = str(uuid.uuid4())  # type: ignore[attr-defined]  # likewise
    loop = asyncio.get_running_loop()
    give_up_at = loop.time() + _GIVE_UP_SECONDS
    pause = 0.2
    while True:
        try:
            return await call(request, metadata=metadata, timeout=_CALL_SECONDS)
        except grpc.aio.AioRpcError as error:
            status = status_of(error)
            if status.code not in _RETRIED or loop.time() > give_up_at:
                raise CommandError(describe(status)) from error
            await asyncio.sleep(retry_after_seconds(status) or pause)
            pause = min(2 * pause, 5.0)


def _so_far(tally: Tally, request: Message) -> str:
    """What there is to know of an import that stops at a request, behind why it does."""
    if request.validate_only or not tally.created:  # type: ignore[attr-defined]  # likewise
        return ""
    return f" At least {tally.created:,} new {_noun(request)} had gone in. {RUN_IT_AGAIN}"


def _noun(request: Message) -> str:
    """`orders`, of a BatchCreateOrdersRequest."""
    found = _BATCH_OF.fullmatch(request.DESCRIPTOR.name)
    return found[1].lower() if found else "items"


def cut(items: Sequence[Item], batch: Callable[[Sequence[Item]], Request]) -> Batches[Request]:
    """Cuts items into requests of at most 1,000, each with the index of its first item."""
    for first in range(0, len(items), _MAX_ITEMS):
        yield first, batch(items[first : first + _MAX_ITEMS])
