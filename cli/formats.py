"""How amounts, days and enum names look on the terminal."""

from __future__ import annotations

from google.type.date_pb2 import Date
from google.type.money_pb2 import Money


def money(amount: Money) -> str:
    """`12,345.60 GBP`."""
    sign = "-" if amount.units < 0 or amount.nanos < 0 else ""
    cents = f"{abs(amount.nanos):09d}".rstrip("0").ljust(2, "0")
    return f"{sign}{abs(amount.units):,}.{cents} {amount.currency_code}".rstrip()


def day(date: Date) -> str:
    """`2026-03-31`; empty if unset."""
    return f"{date.year:04d}-{date.month:02d}-{date.day:02d}" if date.year else ""


def words(enum_name: str) -> str:
    """`CANT_LOSE_THEM` → `cant lose them`."""
    return enum_name.replace("_", " ").lower()
