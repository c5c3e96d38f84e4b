"""Makes a message of the bytes that came, for callers who may call: nobody else gets one parsed.

What is no message, or too much for one, is an error like any other, logged and counted; text is
brought in order here, once for all that reads the request.
"""

import asyncio
from collections.abc import AsyncIterator
from itertools import islice
from typing import Any

from google.protobuf import descriptor_pool, message_factory
from google.protobuf.descriptor import Descriptor
from google.protobuf.message import DecodeError, Message

from services.chassis.batches import ITEMS, is_batch
from services.chassis.descriptors import Method
from services.chassis.errors import DomainError, Kind
from services.chassis.incoming.bounds import (
    MAX_REQUEST_BYTES,
    count_parts,
    malformed,
    shape_of,
)
from services.chassis.incoming.texts import Texts, texts_of
from services.chassis.middleware.call import Call, Proceed
from services.chassis.violations import MOST_TOLD, violations_error

__all__ = ["Decoding"]

# So few bytes are parsed within a millisecond, whatever they are.
_COUNTED_FROM_BYTES = 32 * 1024
_ITEMS_AT_ONCE = 100


class Decoding:
    """Refuses bytes that are no request of the method."""

    def wrap(self, method: Method, proceed: Proceed) -> Proceed:
        pool = descriptor_pool.Default()
        request_type = pool.FindMessageTypeByName(method.request_type)
        read = _Reader(request_type)

        async def run(call: Call) -> Any:
            call.request = request = read.message(call.request)
            _settle(request, read.texts)
            return await proceed(call)

        async def run_stream(call: Call) -> Any:
            call.request = read.each(call.request)
            return await proceed(call)

        async def run_batch(call: Call) -> Any:
            call.request = request = read.message(call.request)
            if not read.texts.in_order(request):
                call.broken_items = await _settle_items(request, read.texts)
            return await proceed(call)

        if method.client_streaming:
            return run_stream
        reply_type = pool.FindMessageTypeByName(method.response_type)
        return run_batch if is_batch(request_type, reply_type) else run


class _Reader:
    """Reads messages of one type."""

    def __init__(self, message: Descriptor) -> None:
        self._class = message_factory.GetMessageClass(message)
        self._name = message.full_name
        self._shape = shape_of(message)
        self.texts = texts_of(message)

    def message(self, data: bytes) -> Message:
        """Raises DomainError INVALID_ARGUMENT where the bytes are none, or too many."""
        if len(data) > _COUNTED_FROM_BYTES:
            if len(data) > MAX_REQUEST_BYTES:
                raise _too_large(len(data))
            count_parts(data, self._shape)
        try:
            return self._class.FromString(data)
        except DecodeError:
            raise malformed(f"its bytes are no {self._name}, or text in it is not UTF-8") from None

    async def each(self, requests: AsyncIterator[bytes]) -> AsyncIterator[Message]:
        """The messages of a stream; raises where one is none."""
        async for data in requests:
            message = self.message(data)
            _settle(message, self.texts)
            yield message


def _settle(message: Message, texts: Texts, besides: str = "") -> None:
    """Brings text in order; raises INVALID_ARGUMENT, TEXT_CONTROL_CHARACTER or TEXT_KEY_TWICE, for
    what can't be."""
    if texts.in_order(message):
        return
    violations = list(islice(texts.settle(message, besides=besides), MOST_TOLD + 1))
    if violations:
        raise violations_error(violations, reason=violations[0].reason)


async def _settle_items(request: Any, texts: Texts) -> dict[int, DomainError]:
    """What is wrong with the text of items, by their index; raises for the request's own."""
    _settle(request, texts, besides=ITEMS)
    of_item, broken = texts.of_elements(ITEMS), {}
    for index, item in enumerate(request.requests):
        try:
            _settle(item, of_item)
        except DomainError as error:
            broken[index] = error
        if index % _ITEMS_AT_ONCE == 0:
            await asyncio.sleep(0)  # others' turn
    return broken


def _too_large(size: int) -> DomainError:
    return DomainError(
        Kind.INVALID_ARGUMENT,
        "REQUEST_TOO_LARGE",
        f"a request has at most {MAX_REQUEST_BYTES} bytes, this has {size}; send it in several",
        metadata={"most": str(MAX_REQUEST_BYTES)},
    )
