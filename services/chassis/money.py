"""Exact amounts: integers of a currency's minor unit, and how they come from decimal writing.

Standard library and the ISO 4217 table only, so that models may use it. No floats anywhere.
"""

import re
from collections.abc import Callable, Mapping
from functools import cache
from types import MappingProxyType
from typing import Final, Protocol, TypedDict

import iso4217

from services.chassis.errors import invalid

__all__ = [
    "AMOUNTS",
    "NANOS",
    "USUAL_EXPONENT",
    "MoneyMessage",
    "MoneyParts",
    "amount_text",
    "decimal_text",
    "exponent",
    "filling",
    "half_even",
    "minor_of",
    "nanos_of",
    "parts",
    "to_minor",
    "unusual_currencies",
]

NANOS: Final = 1_000_000_000
USUAL_EXPONENT: Final = 2
AMOUNTS: Final = range(-(10**15), 10**15 + 1)
"""What one amount may be, in minor units: ten trillion of a currency with cents."""

_INT64: Final = range(-(2**63), 2**63)
# ISO 4217 list three: withdrawn since 2007, but still on orders of those years.
_WITHDRAWN: Final = MappingProxyType(
    dict.fromkeys(
        re.findall(
            "[A-Z]{3}",
            "ANG AZM BGN CUC CYP EEK GHC HRK LTL LVL MRO MTL MZM ROL SDD SIT SKK SLL STD TRL VEB "
            "VEF ZMK ZWD ZWL ZWN ZWR",
        ),
        2,
    )
    | {"BYR": 0, "TMM": 2}
)


class MoneyMessage(Protocol):
    """What google.type.Money looks like, so that this module needs no stub of it."""

    currency_code: str
    units: int
    nanos: int


class MoneyParts(TypedDict):
    """The fields of a google.type.Money."""

    currency_code: str
    units: int
    nanos: int


def exponent(currency_code: str, *, field: str = "currency_code") -> int:
    """Decimals of the currency's minor unit by ISO 4217: 2 for USD, 0 for JPY, 3 for KWD.

    Raises DomainError INVALID_ARGUMENT, CURRENCY_UNKNOWN; also for what has no minor unit (gold).
    """
    known = _exponents().get(currency_code)
    if known is None:
        raise invalid(
            field, "CURRENCY_UNKNOWN", f"{currency_code!r} is no currency of ISO 4217 with amounts"
        )
    return known


@cache
def unusual_currencies() -> Mapping[int, tuple[str, ...]]:
    """The currencies whose exponent is not the usual 2, by exponent."""
    unusual: dict[int, tuple[str, ...]] = {}
    for code, decimals in sorted(_exponents().items()):
        if decimals != USUAL_EXPONENT:
            unusual[decimals] = (*unusual.get(decimals, ()), code)
    return MappingProxyType(unusual)


@cache
def _exponents() -> Mapping[str, int]:
    current = {each.code: each.exponent for each in iso4217.Currency if each.exponent is not None}
    return MappingProxyType(dict(_WITHDRAWN) | current)


def to_minor(units: int, nanos: int, currency_code: str, *, field: str = "amount") -> int:
    """Minor units of a google.type.Money, exactly.

    Raises DomainError INVALID_ARGUMENT: CURRENCY_UNKNOWN, AMOUNT_INVALID (signs differ, nanos out
    of range), AMOUNT_TOO_PRECISE (finer than the minor unit), AMOUNT_OUT_OF_RANGE (beyond int64).
    """
    total = nanos_of(units, nanos, field=field) * 10 ** exponent(currency_code, field=field)
    minor, rest = divmod(total, NANOS)
    if rest:
        raise invalid(
            field,
            "AMOUNT_TOO_PRECISE",
            f"{currency_code} has {exponent(currency_code)} decimals and the amount more",
        )
    return _in_range(minor, field)


def minor_of(money: MoneyMessage, *, field: str = "amount") -> int:
    """As `to_minor`, of a message."""
    return to_minor(money.units, money.nanos, money.currency_code, field=field)


def nanos_of(units: int, nanos: int, *, field: str = "amount") -> int:
    """Billionths of the major unit of a google.type.Money: the form of prices.

    Raises DomainError INVALID_ARGUMENT, AMOUNT_INVALID.
    """
    if not -NANOS < nanos < NANOS or units * nanos < 0:
        raise invalid(
            field, "AMOUNT_INVALID", "nanos are within ±999,999,999 and have the sign of units"
        )
    return units * NANOS + nanos


def parts(minor: int, currency_code: str) -> MoneyParts:
    """The fields of a google.type.Money for an amount in minor units: `Money(**parts(…))`."""
    scale = int(10 ** exponent(currency_code))
    units, rest = divmod(abs(minor), scale)
    nanos = rest * (NANOS // scale)
    if minor < 0:
        units, nanos = -units, -nanos
    return {"currency_code": currency_code, "units": units, "nanos": nanos}


def filling(currency_code: str) -> Callable[[MoneyMessage, int], None]:
    """Sets messages to amounts in minor units of one currency: what they have in common is worked
    out once."""
    scale = int(10 ** exponent(currency_code))
    nanos_of_minor = NANOS // scale

    def fill_next(message: MoneyMessage, minor: int) -> None:
        units, rest = divmod(abs(minor), scale)
        message.currency_code = currency_code
        message.units = units if minor >= 0 else -units
        message.nanos = (rest if minor >= 0 else -rest) * nanos_of_minor

    return fill_next


def half_even(numerator: int, denominator: int) -> int:
    """The quotient as a whole number, rounded half to even; the denominator is positive."""
    quotient, rest = divmod(numerator, denominator)
    if not rest:
        return quotient
    above = 2 * rest - denominator
    return quotient + 1 if above > 0 or (above == 0 and quotient & 1) else quotient


def decimal_text(minor: int, currency_code: str) -> str:
    """The amount in major units, with all decimals of the currency: `-12.50`."""
    decimals = exponent(currency_code)
    units, rest = divmod(abs(minor), 10**decimals)
    sign = "-" if minor < 0 else ""
    return f"{sign}{units}.{rest:0{decimals}}" if decimals else f"{sign}{units}"


def amount_text(minor: int, currency_code: str) -> str:
    """The amount as people read it, with its currency's decimals: `1,432,800.00 USD`, `900 JPY`."""
    units, point, decimals = decimal_text(abs(minor), currency_code).partition(".")
    sign = "-" if minor < 0 else ""
    return f"{sign}{int(units):,}{point}{decimals} {currency_code}"


def _in_range(minor: int, field: str) -> int:
    if minor not in _INT64:
        raise invalid(field, "AMOUNT_OUT_OF_RANGE", "the amount is beyond what 64 bits hold")
    return minor
