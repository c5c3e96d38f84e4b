"""Numbers as people and programs write them → exact values. What could be two numbers is refused
and never guessed."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

from google.type.money_pb2 import Money

from cli.imports.cells import BadValue, usual_width

_NANOS = 10**9
_MAX_WHOLE = 2**63  # what a field of 64 bits holds
_MAX_AMOUNT = 10**15
_WRITTEN = re.compile(
    r"(?P<sign>[-+]?) *(?P<unit>[^\d .,'+()-]*) *(?P<inner_sign>[-+]?) *"
    r"(?P<digits>[\d.,' ]*\d) *(?P<unit_after>[^\d .,'+()-]*) *(?P<sign_after>[-+]?)",
    re.ASCII,
)
_PLAIN = re.compile(r"-?\d+(\.\d+)?", re.ASCII)
_GROUPED = re.compile(r"[1-9]\d{0,2}(?:(?P<group>[.,' ])\d{3})(?:(?P=group)\d{3})*", re.ASCII)
_SAME_CHARACTERS = str.maketrans(
    {"\u2212": "-", "\u00a0": " ", "\u2009": " ", "\u202f": " ", "\u2019": "'"}
)
_CURRENCIES_OF_SIGN = {
    "$": frozenset(
        re.findall(
            "[A-Z]{3}",
            "ARS AUD BBD BMD BND BSD BZD CAD CLP COP CUP DOP FJD GYD HKD JMD KYD LRD MXN NAD NZD "
            "SBD SGD SRD TTD TWD USD UYU XCD",
        )
    ),
    "€": frozenset({"EUR"}),
    "£": frozenset({"EGP", "FKP", "GBP", "GIP", "LBP", "SDG", "SHP", "SSP", "SYP"}),
    "¥": frozenset({"CNY", "JPY"}),
    "₹": frozenset({"INR"}),
    "₩": frozenset({"KPW", "KRW"}),
    "₽": frozenset({"RUB"}),
}


class Decimals(StrEnum):
    """Which sign a file has before its decimals."""

    POINT = "point"
    COMMA = "comma"


class _CommaFound(BadValue):
    """The number can only have a decimal comma."""


class _ThousandsFound(BadValue):
    """The number has thousands set apart, or decimals."""


class _NoNumber(BadValue):
    """It is no number at all."""


@dataclass(frozen=True, slots=True)
class Numbers:
    """How the numbers of one file are read.

    Where nobody said which sign decimals have, a point is taken for it, unless the file has
    numbers that only a comma explains (see `expect_point`). `mostly_point` is whether the file
    comes from where points are usual, which a comma between its cells shows. `thousands` is
    whether thousands are separated even in whole numbers, so that 4,180 is 4180.
    """

    decimals: Decimals | None = None
    thousands: bool = False
    mostly_point: bool = True

    def expect_point(self, text: str) -> None:
        """Raises BadValue if the number has a decimal comma and nobody has said so."""
        if self.decimals is None and not _PLAIN.fullmatch(text):
            try:
                self.read(text, "number")
            except _CommaFound:
                raise
            except BadValue:
                return

    def needs_thousands(self, text: str) -> bool:
        """Whether the number is asked about until --thousands is said, if decimals have a comma."""
        try:
            replace(self, decimals=Decimals.COMMA).read(text, "number")
        except _ThousandsFound:
            return True
        except BadValue:
            return False
        return False

    def read(self, text: str, noun: str, currency_code: str = "") -> Decimal:
        """The number; a sign or code of the currency may stand beside it.

        Raises:
            BadValue: it is no number, could be two, or is in another currency.
        """
        if _PLAIN.fullmatch(text) and not self._may_be_grouped(text):
            return Decimal(text)
        written = usual_width(text).translate(_SAME_CHARACTERS).strip()
        in_parentheses = written.startswith("(") and written.endswith(")")
        found = _WRITTEN.fullmatch(written[1:-1] if in_parentheses else written)
        if found is None:
            raise self._no_number(text, noun)
        signs = [*found.group("sign", "inner_sign", "sign_after"), "-" if in_parentheses else ""]
        units = [unit for unit in found.group("unit", "unit_after") if unit]
        if sum(map(bool, signs)) > 1 or len(units) > 1:
            raise self._no_number(text, noun)
        for unit in units:
            _expect_currency(unit, currency_code, text, noun)
        magnitude = self._magnitude(found.group("digits"), text, noun)
        return -magnitude if "-" in signs else magnitude

    def amount(self, text: str, currency_code: str) -> Money:
        """An exact amount in units of the currency, at most 9 decimals: `-11062.06`.

        Raises:
            BadValue: it is something else.
        """
        amount = self.read(text, "amount", currency_code)
        nanos = Fraction(amount) * _NANOS  # a product of decimals would be rounded
        if nanos.denominator != 1:
            raise BadValue(f"amount {text!r} has more than 9 decimals")
        if abs(amount) >= _MAX_AMOUNT:
            raise BadValue(f"amount {text!r} is too large")
        # Units and nanos must have the same sign; divmod alone would round to minus infinity.
        units, rest = divmod(abs(nanos.numerator), _NANOS)
        sign = -1 if amount < 0 else 1
        return Money(currency_code=currency_code, units=sign * units, nanos=sign * rest)

    def whole(self, text: str, noun: str) -> int:
        """A whole number, also written with decimals: 3.00 is 3.

        Raises:
            BadValue: it is something else.
        """
        try:
            number = self.read(text, noun)
        except _NoNumber:
            number = None
        if number is None or number != number.to_integral_value():
            raise BadValue(f"{noun} {text!r} is not a whole number")
        if abs(number) >= _MAX_WHOLE:
            raise BadValue(f"{noun} {text!r} is too large")
        return int(number)

    def _may_be_grouped(self, text: str) -> bool:
        """Whether a point may separate thousands in a number without anything else in it."""
        if self.decimals is Decimals.POINT or "." not in text:
            return False
        return self.decimals is Decimals.COMMA or not self.mostly_point

    def _magnitude(self, digits: str, text: str, noun: str) -> Decimal:
        point, comma = _as_written(digits, "."), _as_written(digits, ",")
        if self.decimals is Decimals.COMMA:
            return self._settled(comma, ",", digits, text, noun)
        if self.decimals is None:
            if point is None and comma is not None:
                raise _CommaFound(
                    f"{noun} {text!r} has a decimal comma: say --decimal comma"
                    " (or --decimal point, and it is refused)"
                )
            if point is not None and comma is not None and self._is_open(point, comma):
                raise BadValue(
                    f"{noun} {text!r} could be {point} or {comma}: say"
                    f" {_to_be_said('point', point, digits)}, or"
                    f" {_to_be_said('comma', comma, digits)}"
                )
        return self._settled(point, ".", digits, text, noun)

    def _is_open(self, point: Decimal, comma: Decimal) -> bool:
        return not self.mostly_point and point != comma

    def _settled(
        self, number: Decimal | None, decimal: str, digits: str, text: str, noun: str
    ) -> Decimal:
        if number is None:
            raise self._no_number(text, noun)
        group = "." if decimal == "," else ","
        if not self.thousands and decimal not in digits and digits.count(group) == 1:
            raise _ThousandsFound(
                f"{noun} {text!r} could be {number} or {digits.replace(group, '.')}:"
                f" write {number}, or say --thousands if it has that meaning everywhere"
            )
        return number

    def _no_number(self, text: str, noun: str) -> BadValue:
        example = "1234,50" if self.decimals is Decimals.COMMA else "1234.50"
        return _NoNumber(f"{noun} {text!r} is not a number like {example}")


def _as_written(digits: str, decimal: str) -> Decimal | None:
    """The number if `decimal` comes before its decimals; None if it can't be read so."""
    whole, _, decimals = digits.partition(decimal)
    if decimals and not decimals.isdigit():
        return None
    if whole and not whole.isdigit():
        if not _GROUPED.fullmatch(whole):
            return None
        whole = "".join(character for character in whole if character.isdigit())
    return Decimal(f"{whole or '0'}.{decimals or '0'}") if decimals else Decimal(whole)


def _to_be_said(decimals: str, number: Decimal, digits: str) -> str:
    """The options with which it is this number, all that it takes."""
    has_decimals = ("." if decimals == "point" else ",") in digits
    thousands = "" if has_decimals else " --thousands"
    return f"--decimal {decimals}{thousands} for {number}"


def _expect_currency(unit: str, currency_code: str, text: str, noun: str) -> None:
    if not currency_code:
        raise _NoNumber(f"{noun} {text!r} is not a number such as 3")
    if unit.upper() != currency_code and currency_code not in _CURRENCIES_OF_SIGN.get(unit, ()):
        raise BadValue(
            f"{noun} {text!r} is in {unit} and its row in {currency_code}:"
            " give the currency in a column or with --currency"
        )
