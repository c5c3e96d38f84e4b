"""Values of facts as text, for evidence and texts of alerts; and which facts a text names."""

import re
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from enum import IntEnum
from typing import Any, Final
from zoneinfo import ZoneInfo

from services.chassis.money import amount_text, decimal_text
from services.insight.facts.store import FACTS
from services.insight.numbers.business_days import day_of

__all__ = ["FactTexts", "facts_in", "wrong_braces"]

_PLACEHOLDER: Final = re.compile(r"\{([a-z0-9_]+)\}")
_BRACED: Final = re.compile(r"\{[^{}]*\}?|\}")
_UNKNOWN: Final = "?"


def facts_in(text: str) -> Iterator[str]:
    """The names in braces, in the order of the text."""
    return (found.group(1) for found in _PLACEHOLDER.finditer(text))


def wrong_braces(text: str) -> Iterator[str]:
    """What has a brace and is no `{fact}`, in the order of the text: people would read it as it
    stands."""
    for found in _BRACED.findall(text):
        named = _PLACEHOLDER.fullmatch(found)
        if named is None or named.group(1) not in FACTS:
            yield found


class FactTexts:
    """Turns values of facts into text: amounts in the base currency, instants as days of a zone."""

    def __init__(self, currency: str, zone: ZoneInfo) -> None:
        self._currency = currency
        self._zone = zone

    def value(self, fact: str, row: Mapping[Any, Any]) -> str:
        """The fact's value in a row of facts; empty if it is unset."""
        column = FACTS[fact]
        value = row[column]
        if value is None:
            return ""
        codes: type[IntEnum] | None = column.info.get("values")
        if codes is not None:
            return codes(value).name
        if column.name.endswith("_minor"):
            return f"{decimal_text(value, self._currency)} {self._currency}"
        return self._plain(value)

    def fill(self, text: str, row: Mapping[Any, Any]) -> str:
        """The text with each `{fact}` replaced by its value, amounts as people read them."""
        return _PLACEHOLDER.sub(lambda found: self._told(found.group(1), row) or _UNKNOWN, text)

    def _told(self, fact: str, row: Mapping[Any, Any]) -> str:
        column = FACTS[fact]
        if column.name.endswith("_minor") and row[column] is not None:
            return amount_text(row[column], self._currency)
        return self.value(fact, row)

    def _plain(self, value: Any) -> str:
        match value:
            case datetime():
                return day_of(value, self._zone).isoformat()
            case date():
                return value.isoformat()
            case float():
                return f"{value:.2f}".rstrip("0").rstrip(".")
            case tuple():
                return ", ".join(value)
            case _:
                return str(value)
