"""Which stored messages name a resource, looked for in their bytes: what is kept for a while isn't
taken apart and indexed on every write for a question that is asked once in a long time."""

from collections.abc import Collection
from typing import Any

from sqlalchemy import ColumnElement, LargeBinary, func, literal, or_

from services.chassis.store.by_engine import by_engine

__all__ = ["mentions"]

_SEVEN_BITS = 0x80


def mentions(column: ColumnElement[Any], names: Collection[str]) -> ColumnElement[bool]:
    """Whether a serialized message in the column holds one of the names, or a name beneath one
    (`customers/ann/touchpoints/1`), as a text of its own, at whatever depth.

    On the wire a text stands behind its length, so `customers/ann` isn't found in `customers/anna`.
    """
    return or_(*(_holds(column, each) for name in names for each in _forms(name.encode())))


def _forms(name: bytes) -> tuple[bytes, bytes]:
    return _length(len(name)) + name, name + b"/"


def _length(size: int) -> bytes:
    """A varint (https://protobuf.dev/programming-guides/encoding/#varints)."""
    low, high = size % _SEVEN_BITS, size // _SEVEN_BITS
    return bytes([low]) if not high else bytes([low | _SEVEN_BITS]) + _length(high)


def _holds(column: ColumnElement[Any], part: bytes) -> ColumnElement[bool]:
    looked_for = literal(part, LargeBinary())
    return by_engine(
        func.instr(column, looked_for) > 0,
        # Called by its full name, `position` takes its arguments as any function does.
        postgresql=func.pg_catalog.position(column, looked_for) > 0,
    )
