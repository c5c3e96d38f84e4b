"""Reads the values of a filter for their fields and refuses, with the position, what doesn't fit.

Declares the function `days(n)`. What a value is compared with, and how, is the compiler's.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import date, timedelta, tzinfo
from fractions import Fraction

from services.chassis.errors import DomainError
from services.chassis.lists.filters import values
from services.chassis.lists.filters.fields import Normal
from services.chassis.lists.filters.syntax import Call, Comparator, Literal, Restriction
from services.chassis.lists.filters.text import refusal
from services.chassis.names import Form
from services.chassis.nearest import nearest

__all__ = ["Arguments"]


@dataclass(frozen=True, slots=True)
class Arguments:
    """How values are read in one compilation; `today` is None where `days(n)` is not declared."""

    argument: str
    today: date | None
    zone: tzinfo

    def refused(self, at: Restriction | Literal | Call, reason: str, message: str) -> DomainError:
        """The error to raise, with the position of what is wrong."""
        return refusal(self.argument, reason, at.position, message)

    def unknown_field(self, node: Restriction, fields: Collection[str]) -> DomainError:
        """The error for a field that the list doesn't declare."""
        return self.refused(
            node,
            "FILTER_UNKNOWN_FIELD",
            f"{node.field_name} is no field of this list{nearest(node.field_name, fields)}; "
            f"fields are {', '.join(sorted(fields))}",
        )

    def text(self, node: Restriction) -> Literal:
        """The value as written, a wildcard included."""
        if isinstance(node.value, Call):
            raise self.refused(
                node.value,
                "FILTER_UNKNOWN_FUNCTION",
                f"{node.field_name} is not compared with functions",
            )
        return node.value

    def normal(self, node: Restriction, normal: Normal | None) -> Restriction:
        """The comparison with its value in the normal form that the field has."""
        if normal is None or not (value := self.text(node)).text:
            return node
        text = normal(value.text)
        if not text:
            raise self.refused(
                value,
                "FILTER_VALUE",
                f"{value.text!r} has nothing in it that {node.field_name} is compared by",
            )
        return replace(node, value=replace(value, text=text))

    def of_form(self, node: Restriction, form: Form | None) -> Restriction:
        """The comparison, whose value is one that the field can have, begins like one, or none."""
        value = self.text(node)
        if form is None or not value.text:
            return node
        if not (form.begins(value.text) if value.prefix else form.matches(value.text)):
            raise self._unreadable(node, form.told)
        return node

    def exactly_of_form(self, node: Restriction, form: Form | None) -> Restriction:
        """As `of_form`, where whole values are compared: a part of one may be any."""
        if node.comparator in (Comparator.EQUAL, Comparator.NOT_EQUAL):
            return self.of_form(node, form)
        return node

    def number(self, node: Restriction) -> Fraction:
        number = values.read_number(self.text(node).text)
        if number is None:
            raise self._unreadable(node, "a decimal number such as 12 or -3.5")
        return number

    def double(self, node: Restriction) -> float:
        number = values.read_float(self.text(node).text)
        if number is None:
            raise self._unreadable(node, "a number such as 0.25")
        return number

    def truth(self, node: Restriction) -> bool:
        truth = values.read_bool(self.text(node).text)
        if truth is None:
            raise self._unreadable(node, "true or false")
        return truth

    def day(self, node: Restriction) -> date:
        if isinstance(node.value, Call):
            return self._days(node.value)
        day = values.read_date(node.value.text)
        if day is None:
            raise self._unreadable(node, "a date such as 2024-09-01")
        return day

    def moment(self, node: Restriction) -> values.Moment:
        if isinstance(node.value, Call):
            moment = values.day_in(self._days(node.value), self.zone)
        else:
            moment = values.read_moment(node.value.text, self.zone)
        if moment is None:
            raise self._unreadable(
                node, "a time with its offset such as 2024-09-01T08:30:00Z, or a date"
            )
        return moment

    def one_of(self, node: Restriction, names: tuple[str, ...]) -> str:
        """One of the names; the error lists them all."""
        value = self.text(node)
        if value.text not in names:
            raise self.refused(
                value,
                "FILTER_UNKNOWN_VALUE",
                f"{value.text!r} is no value of {node.field_name}{nearest(value.text, names)}; "
                f"values are {', '.join(names)}",
            )
        return value.text

    def _days(self, call: Call) -> date:
        if call.function != "days" or self.today is None:
            declared = " (days is)" if self.today else ""
            raise self.refused(
                call,
                "FILTER_UNKNOWN_FUNCTION",
                f"the function {call.function} is not declared{declared}",
            )
        if len(call.arguments) != 1 or not re.fullmatch(r"-?[0-9]{1,6}", call.arguments[0].text):
            raise self.refused(
                call, "FILTER_VALUE", "days takes one whole number: days(7), days(-30)"
            )
        try:
            return self.today + timedelta(days=int(call.arguments[0].text))
        except OverflowError:
            raise self.refused(call, "FILTER_VALUE", "days leads out of the calendar") from None

    def _unreadable(self, node: Restriction, expected: str) -> DomainError:
        shown, more = "the function's day", ""
        if isinstance(node.value, Literal):
            shown, more = repr(node.value.text), values.plus_lost(node.value.text)
        return self.refused(
            node.value,
            "FILTER_VALUE",
            f"{node.field_name} is compared with {expected}, not with {shown}{more}",
        )
