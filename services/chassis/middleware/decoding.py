"""Makes a message of the bytes that came, for callers who may call: nobody else gets one parsed.

What is no message, or too much for one, is an error like any other, logged and counted; text is
brought in order here, once for all that reads the request.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable, Iterator
from typing import Any

from google.protobuf import descriptor_pool, message_factory
from google.protobuf.descriptor import Descriptor
from google.protobuf.message import DecodeError, Message

from services.chassis.batches import ITEMS, is_batch
from services.chassis.descriptors import Method
from services.chassis.errors import DomainError, FieldViolation, Kind
from services.chassis.incoming.bounds import (
    MAX_REQUEST_BYTES,
    count_parts,
    malformed,
    shape_of,
)
from services.chassis.incoming.texts import Texts, texts_of
from services.chassis.middleware.call import Call, Proceed
from services.chassis.turns import taking_turns
from services.chassis.violations import MOST_TOLD, violations_error

__all__ = ["Decoding"]

# So few bytes are parsed within a millisecond, whatever they are.
_COUNTED_FROM_BYTES = 32 * 1024
# Whose text is looked at together.
_ITEMS_AT_ONCE = 100
_BYTES_AT_ONCE = 64 * 1024


class Decoding:
    """Refuses bytes that are no request of the method."""

    def wrap(self, method: Method, proceed: Proceed) -> Proceed:
        pool = descriptor_pool.Default()
        request_type = pool.FindMessageTypeByName(method.request_type)
        read = _Reader(request_type)

        async def run(call: Call) -> Any:
            call.request = request = await read.message(call.request)
            if not read.texts.in_order(request):
                await _settle(request, read.texts)
            return await proceed(call)

        async def run_stream(call: Call) -> Any:
            call.request = read.each(call.request)
            return await proceed(call)

        own, of_item = read.texts.besides(ITEMS), read.texts.of_elements(ITEMS)

        async def run_batch(call: Call) -> Any:
            size = len(call.request)
            call.request = request = await read.message(call.request)
            if not own.in_order(request):
                await _settle(request, own)
            call.broken_items = await _settle_items(request.requests, of_item, size)
            return await proceed(call)

        if method.client_streaming:
            return run_stream
        reply_type = pool.FindMessageTypeByName(method.response_type)
        return run_batch if is_batch(request_type, reply_type) else run


class _Reader:
    """Reads messages of one type."""

    def __init__(self, message: Descriptor) -> None:
        self._class: Any = message_factory.GetMessageClass(message)
        self._name = message.full_name
        self._shape = shape_of(message)
        self.texts = texts_of(message)

    async def message(self, data: bytes) -> Any:
        """Raises DomainError INVALID_ARGUMENT where the bytes are none, or too many."""
        if len(data) > _COUNTED_FROM_BYTES:
            if len(data) > MAX_REQUEST_BYTES:
                raise _too_large(len(data))
            count_parts(data, self._shape)
            await asyncio.sleep(0)  # others' turn: either takes as long as they may wait
        try:
            return self._class.FromString(data)
        except DecodeError:
            raise malformed(f"its bytes are no {self._name}, or text in it is not UTF-8") from None

    async def each(self, requests: AsyncIterator[bytes]) -> AsyncIterator[Message]:
        """The messages of a stream; raises where one is none."""
        async for data in requests:
            message = await self.message(data)
            if not self.texts.in_order(message):
                await _settle(message, self.texts)
            yield message


async def _settle(message: Message, texts: Texts) -> None:
    """Brings text in order; raises INVALID_ARGUMENT, TEXT_CONTROL_CHARACTER or TEXT_KEY_TWICE, for
    what can't be, VALIDATION_FAILED where it is longer than any text may be."""
    steps = _until_enough(texts.settle(message))
    violations = [each async for each in taking_turns(steps) if each is not None]
    if violations:
        reason = violations[0].reason
        raise violations_error(
            violations, reason=reason if reason.startswith("TEXT_") else "VALIDATION_FAILED"
        )


def _until_enough(steps: Iterable[FieldViolation | None]) -> Iterator[FieldViolation | None]:
    told = 0
    for each in steps:
        yield each
        told += each is not None
        if told > MOST_TOLD:
            return


async def _settle_items(items: Any, texts: Texts, size: int) -> dict[int, DomainError]:
    """What is wrong with the text of items, by their index; `size` is that of all, in bytes."""
    broken: dict[int, DomainError] = {}
    at_once = max(1, min(_ITEMS_AT_ONCE, _BYTES_AT_ONCE * len(items) // size)) if size else 1
    async for first in taking_turns(range(0, len(items), at_once)):
        some = items[first : first + at_once]
        if texts.in_order(*some):
            continue
        for index, item in enumerate(some, first):
            try:
                await _settle(item, texts)
            except DomainError as error:
                broken[index] = error
    return broken


def _too_large(size: int) -> DomainError:
    return DomainError(
        Kind.INVALID_ARGUMENT,
        "REQUEST_TOO_LARGE",
        f"a request has at most {MAX_REQUEST_BYTES} bytes, this has {size}; send it in several",
        metadata={"most": str(MAX_REQUEST_BYTES)},
    )
