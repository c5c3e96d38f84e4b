"""Reads `order_by` (AIP-132) over the fields a list declares; the SQL is paging's."""

import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from services.chassis.errors import invalid
from services.chassis.nearest import nearest

__all__ = ["OrderKey", "parse"]

_KEY: Final = re.compile(r"\s*([^\s,]+)(?:\s+([^\s,]+))?\s*")


@dataclass(frozen=True, slots=True)
class OrderKey:
    """One field to order by."""

    field: str
    descending: bool = False


def parse(
    order_by: str, declared: Collection[str], *, argument: str = "order_by"
) -> tuple[OrderKey, ...]:
    """Reads `a, b desc`; empty text gives no key.

    Raises DomainError INVALID_ARGUMENT on `argument`: ORDER_BY_SYNTAX, ORDER_BY_UNKNOWN_FIELD or
    ORDER_BY_REPEATED_FIELD, each naming the field.
    """
    if not order_by.strip():
        return ()
    keys = tuple(_key(part, declared, argument) for part in order_by.split(","))
    fields = [key.field for key in keys]
    for field in fields:
        if fields.count(field) > 1:
            raise invalid(argument, "ORDER_BY_REPEATED_FIELD", f"{field} is given twice")
    return keys


def _key(part: str, declared: Collection[str], argument: str) -> OrderKey:
    found = _KEY.fullmatch(part)
    if not found:
        raise invalid(
            argument, "ORDER_BY_SYNTAX", f"{part.strip()!r} is not a field with an optional desc"
        )
    field, direction = found.groups()
    if field not in declared:
        raise invalid(
            argument,
            "ORDER_BY_UNKNOWN_FIELD",
            f"{field} is no field to order by{nearest(field, declared)}; "
            f"fields are {', '.join(sorted(declared))}",
        )
    if direction not in (None, "asc", "desc"):
        raise invalid(
            argument,
            "ORDER_BY_SYNTAX",
            f"{field} is followed by {direction!r}; only desc may follow",
        )
    return OrderKey(field, direction == "desc")
