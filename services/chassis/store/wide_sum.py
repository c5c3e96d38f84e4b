"""Sums that are exact whatever the number of rows: in two halves, put together in Python.

SQLite's own `sum` of integers ends in an error beyond 64 bits, PostgreSQL's is exact either way.
"""

from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Label, func, literal

from services.chassis.store.connections import AnyRow

__all__ = ["wide_sum", "wide_total"]

_BITS = 32


def wide_sum(amount: ColumnElement[Any], name: str) -> tuple[Label[Any], Label[Any]]:
    """The columns that a sum is read from with `wide_total`; 0 over no rows."""
    high = amount.bitwise_rshift(literal(_BITS))
    low = amount.bitwise_and(literal(2**_BITS - 1, BigInteger()))
    return (
        func.coalesce(func.sum(high), 0).label(f"{name}_high"),
        func.coalesce(func.sum(low), 0).label(f"{name}_low"),
    )


def wide_total(row: AnyRow, name: str) -> int:
    """The sum in a row."""
    high, low = int(getattr(row, f"{name}_high")), int(getattr(row, f"{name}_low"))
    return (high << _BITS) + low
