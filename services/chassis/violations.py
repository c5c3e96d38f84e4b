"""Broken rules of a contract (`buf.validate`) as the error that names each field."""

from collections.abc import Sequence
from typing import Any

from protovalidate import Violation

from services.chassis.errors import DomainError, FieldViolation, Kind

__all__ = ["validation_error"]


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
