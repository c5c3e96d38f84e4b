"""Checks every request against the rules its contract states (buf.validate)."""

from collections.abc import AsyncIterator, Sequence
from typing import Any

from google.protobuf import descriptor_pool, message_factory
from google.protobuf.message import Message
from protovalidate import Validator, Violation

from services.chassis.descriptors import Method
from services.chassis.errors import DomainError, FieldViolation, Kind
from services.chassis.middleware.call import Call, Proceed

__all__ = ["Validation", "validation_error"]


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

        return run_stream if method.client_streaming else run

    async def _checked(self, requests: AsyncIterator[Message]) -> AsyncIterator[Message]:
        async for request in requests:
            violations = self._validator.collect_violations(request)
            if violations:
                raise validation_error(violations)
            yield request

    def _warm(self, message_type: str) -> None:
        """The rules of a type are compiled at its first use, which takes 10 ms: not in a call."""
        descriptor = descriptor_pool.Default().FindMessageTypeByName(message_type)
        self._validator.collect_violations(message_factory.GetMessageClass(descriptor)())


def validation_error(violations: Sequence[Violation]) -> DomainError:
    """The error for broken rules: a field path, a text and the rule's id for each."""
    fields = [
        FieldViolation(
            _path(violation.proto.field), violation.proto.message, violation.proto.rule_id
        )
        for violation in violations
    ]
    first = fields[0]
    text = f"{first.field}: {first.description}" if first.field else first.description
    others = f" (and {len(fields) - 1} more)" if len(fields) > 1 else ""
    return DomainError(Kind.INVALID_ARGUMENT, "VALIDATION_FAILED", text + others, violations=fields)


def _path(field: Any) -> str:
    """A path as people write it: `requests[0].order.lines`, `labels["vip"]`."""
    parts = []
    for element in field.elements if field is not None else ():
        subscript = element.subscript
        if subscript is None:
            parts.append(element.field_name)
        elif isinstance(subscript.value, str):
            parts.append(f'{element.field_name}["{subscript.value}"]')
        else:
            parts.append(f"{element.field_name}[{subscript.value}]")
    return ".".join(parts)
