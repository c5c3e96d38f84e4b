"""How amounts, days and enum names look on the terminal."""

from __future__ import annotations

from functools import cache

import iso4217
from google.type.date_pb2 import Date
from google.type.money_pb2 import Money

_USUAL_DECIMALS = 2


def money(amount: Money) -> str:
    """`12,345.60 GBP`, `900 JPY`: with the decimals of its currency, and more if it has more."""
    sign = "-" if amount.units < 0 or amount.nanos < 0 else ""
    decimals = f"{abs(amount.nanos):09d}".rstrip("0").ljust(_decimals(amount.currency_code), "0")
    number = f"{abs(amount.units):,}.{decimals}".rstrip(".")
    return f"{sign}{number} {amount.currency_code}".rstrip()


@cache
def _decimals(currency_code: str) -> int:
    """Decimals of the currency by ISO 4217; the usual two of one that is withdrawn."""
    try:
        exponent = iso4217.Currency(currency_code).exponent
    except ValueError:
        return _USUAL_DECIMALS
    return _USUAL_DECIMALS if exponent is None else int(exponent)


def day(date: Date) -> str:
    """`2026-03-31`; empty if unset."""
    return f"{date.year:04d}-{date.month:02d}-{date.day:02d}" if date.year else ""


def words(enum_name: str) -> str:
    """`CANT_LOSE_THEM` → `cant lose them`."""
    return enum_name.replace("_", " ").lower()
