"""Checks every request against the rules its contract states (buf.validate).

A batch is not refused for one bad item: what is wrong with its items is set aside for the handler.
Whether a rule is broken is asked first, which ends at the first one; only then which, at a cost
that is bounded: a thousand items can break a hundred thousand rules, which takes 15 s to tell.
"""

import asyncio
from collections.abc import AsyncIterator
from functools import cache
from typing import Any

from google.protobuf import descriptor_pool, message_factory
from google.protobuf.descriptor import Descriptor
from google.protobuf.message import Message
from protovalidate import Validator, Violation

from services.chassis.batches import ITEMS, broken_items, is_batch
from services.chassis.descriptors import Method
from services.chassis.errors import DomainError
from services.chassis.incoming.bounds import Shape, count_parts, shape_of
from services.chassis.middleware.call import Call, Proceed
from services.chassis.turns import taking_turns
from services.chassis.violations import MOST_TOLD, validation_error

__all__ = ["Validation"]

# All that is wrong is told of requests with so many parts, and of so many items of a batch; of
# others the first thing.
_TOLD_IN_FULL_PARTS = 300
_TOLD_IN_FULL_ITEMS = MOST_TOLD


class Validation:
    """Refuses a request that breaks a rule, naming the fields that do."""

    def __init__(self) -> None:
        self._violations_of = _validator().collect_violations

    def wrap(self, method: Method, proceed: Proceed) -> Proceed:
        request_type = _descriptor(method.request_type)
        shape, violations_of = shape_of(request_type), self._violations_of
        self._warm(request_type)

        async def run(call: Call) -> Any:
            if violations_of(call.request, fail_fast=True):
                raise self._error(call.request, shape)
            return await proceed(call)

        async def run_stream(call: Call) -> Any:
            call.request = self._checked(call.request, shape)
            return await proceed(call)

        if method.client_streaming:
            return run_stream
        if not is_batch(request_type, _descriptor(method.response_type)):
            return run
        item_type: Any = request_type.fields_by_name[ITEMS].message_type
        item_shape = shape_of(item_type)
        self._warm(item_type)

        async def run_batch(call: Call) -> Any:
            broken = call.broken_items
            await asyncio.sleep(0)  # others' turn: to look at all items at once takes up to 30 ms
            broken_rules = violations_of(call.request, fail_fast=True)
            await asyncio.sleep(0)
            if broken_rules:
                self._expect_own_fields(call.request, shape)
                broken = {**await self._broken_items(call.request, item_shape), **broken}
            broken_items.set(broken)
            return await proceed(call)

        return run_batch

    def _error(self, message: Message, shape: Shape, *, in_full: bool = True) -> DomainError:
        """What is wrong with a message that breaks a rule."""
        parts = count_parts(message.SerializeToString(), shape)
        in_full = in_full and parts <= _TOLD_IN_FULL_PARTS
        return validation_error(self._violations_of(message, fail_fast=not in_full), message)

    async def _checked(
        self, requests: AsyncIterator[Message], shape: Shape
    ) -> AsyncIterator[Message]:
        async for request in requests:
            if self._violations_of(request, fail_fast=True):
                raise self._error(request, shape)
            yield request

    def _expect_own_fields(self, request: Any, shape: Shape) -> None:
        """Raises for what a batch breaks beside its items."""
        count_parts(request.SerializeToString(), shape)
        own = _with_one_item(request)
        violations = [each for each in self._violations_of(own) if not _in_item(each)]
        if violations:
            raise validation_error(violations, request)

    async def _broken_items(self, request: Any, shape: Shape) -> dict[int, DomainError]:
        """What is wrong with each item that breaks a rule. Others get their turn in between."""
        broken: dict[int, DomainError] = {}
        async for index, item in taking_turns(enumerate(request.requests)):
            if self._violations_of(item, fail_fast=True):
                in_full = len(broken) < _TOLD_IN_FULL_ITEMS
                broken[index] = self._error(item, shape, in_full=in_full)
        return broken

    def _warm(self, message_type: Descriptor) -> None:
        """The rules of a type are compiled at its first use, which takes 10 ms: not in a call."""
        self._violations_of(message_factory.GetMessageClass(message_type)())


@cache
def _validator() -> Validator:
    """One for the process: it keeps the rules of every type that it has compiled."""
    return Validator()


def _descriptor(message_type: str) -> Descriptor:
    return descriptor_pool.Default().FindMessageTypeByName(message_type)


def _with_one_item(request: Any) -> Any:
    """A batch with all that it has beside its items, and one item if it has any."""
    own = type(request)()
    for each, value in request.ListFields():
        if each.name == ITEMS:
            own.requests.add()
        elif each.is_repeated:
            getattr(own, each.name).MergeFrom(value)
        elif each.message_type is not None:
            getattr(own, each.name).CopyFrom(value)
        else:
            setattr(own, each.name, value)
    return own


def _in_item(violation: Violation) -> bool:
    path: Any = violation.proto.field.elements if violation.proto.field is not None else ()
    return len(path) > 1 and path[0].field_name == ITEMS
