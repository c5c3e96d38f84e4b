"""Checks every request against the rules its contract states (buf.validate).

A batch is not refused for one bad item: what is wrong with its items is set aside for the handler.
"""

from collections.abc import AsyncIterator, Sequence
from typing import Any

from google.protobuf import descriptor_pool, message_factory
from google.protobuf.descriptor import Descriptor
from google.protobuf.message import Message
from protovalidate import Validator, Violation

from services.chassis.batches import ITEMS, broken_items, is_batch
from services.chassis.descriptors import Method
from services.chassis.middleware.call import Call, Proceed
from services.chassis.violations import validation_error

__all__ = ["Validation"]


class Validation:
    """Refuses a request that breaks a rule, naming every field that does."""

    def __init__(self) -> None:
        self._validator = Validator()

    def wrap(self, method: Method, proceed: Proceed) -> Proceed:
        self._warm(method.request_type)
        violations_of = self._validator.collect_violations

        async def run(call: Call) -> Any:
            violations = violations_of(call.request)
            if violations:
                raise validation_error(violations)
            return await proceed(call)

        async def run_stream(call: Call) -> Any:
            call.request = self._checked(call.request)
            return await proceed(call)

        async def run_batch(call: Call) -> Any:
            own, items = _by_item(violations_of(call.request))
            if own:
                raise validation_error(own)
            broken_items.set({index: validation_error(each) for index, each in items.items()})
            return await proceed(call)

        if method.client_streaming:
            return run_stream
        return run_batch if _is_batch(method) else run

    async def _checked(self, requests: AsyncIterator[Message]) -> AsyncIterator[Message]:
        async for request in requests:
            violations = self._validator.collect_violations(request)
            if violations:
                raise validation_error(violations)
            yield request

    def _warm(self, message_type: str) -> None:
        """The rules of a type are compiled at its first use, which takes 10 ms: not in a call."""
        empty = message_factory.GetMessageClass(_descriptor(message_type))()
        self._validator.collect_violations(empty)


def _descriptor(message_type: str) -> Descriptor:
    return descriptor_pool.Default().FindMessageTypeByName(message_type)


def _is_batch(method: Method) -> bool:
    return is_batch(_descriptor(method.request_type), _descriptor(method.response_type))


def _by_item(
    violations: Sequence[Violation],
) -> tuple[list[Violation], dict[int, list[Violation]]]:
    """Violations of the request itself, and those within an item by its index, paths shortened."""
    own: list[Violation] = []
    items: dict[int, list[Violation]] = {}
    for violation in violations:
        index = _item_index(violation)
        if index is None:
            own.append(violation)
        else:
            items.setdefault(index, []).append(violation)
    return own, items


def _item_index(violation: Violation) -> int | None:
    """The item a violation lies in, whose step is taken off its path; None outside of items."""
    path: Any = violation.proto.field.elements if violation.proto.field is not None else ()
    if len(path) < 2 or path[0].field_name != ITEMS or path[0].subscript is None:
        return None
    index: int = path.pop(0).subscript.value
    return index
