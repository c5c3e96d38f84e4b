"""Turns the text of a cell into a time, a choice, a list; or says what is wrong with it."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time
from functools import lru_cache
from typing import TypeVar
from zoneinfo import ZoneInfo

from google.protobuf.timestamp_pb2 import Timestamp

from cli.imports.cells import BadValue, folded, usual_width
from cli.imports.keys import is_id

Choice = TypeVar("Choice")

_BETWEEN = re.compile("[;；\n]|:::")
_COUNTED = re.compile(r"([0-9]+)(?:[.,][0-9]+)?")
_DIGITS_OF_DATE = 8  # 20260331
_DIGITS_OF_DAY = 5  # 45385 is 2024-04-03
_DIGITS_OF_UNIX = (10, 13, 16)  # in seconds, milliseconds and microseconds
# The zones whose names are one zone's everywhere; EST and IST are several.
_UTC = ("UTC", "GMT", "Z")
_NAMED_UTC = re.compile(rf"(?<![A-Za-z])(?:{'|'.join(_UTC)})(?![A-Za-z+-])")
_IN_FORM = re.compile("%.|[A-Za-z]+")
_ZONE_NAME = re.compile(r"[0-9](?: ?[AaPp]\.?[Mm]\.?)? ?((?![AaPp][Mm]$)[A-Z]{2,5})$")
_EPOCH = datetime.fromtimestamp(0, UTC)


@dataclass(frozen=True, slots=True)
class Times:
    """How the times of one file are written: in which zone, where they say none, and in which
    form (as `strftime` has it); ISO 8601 if the form is empty. UTC, GMT and Z are a zone, in the
    form and in a time."""

    zone: ZoneInfo
    form: str = ""

    def read(self, text: str) -> Timestamp:
        """Raises BadValue if the time is written otherwise, or is none or two in its zone."""
        try:
            moment = self._moment(usual_width(text))
        except ValueError:
            example = self.form or "2026-03-31 17:05:00"
            told = _counted(text) or _zoned(text) or f"is not like {example}{self._advice()}"
            raise BadValue(f"time {text!r} {told}") from None
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=self.zone)
            self._expect_one(moment, text)
        since = moment - _EPOCH  # in exact integers; FromDatetime takes three times as long
        seconds = 86_400 * since.days + since.seconds
        return Timestamp(seconds=seconds, nanos=1_000 * since.microseconds)

    def _moment(self, text: str) -> datetime:
        if not self.form:
            if text.isdecimal() and len(text) != _DIGITS_OF_DATE:
                raise ValueError(text)  # of 1712102400000 it would make a day of 1712
            return datetime.fromisoformat(_NAMED_UTC.sub("+00:00", text))
        form = _with_offset(self.form)
        if "%z" in form and "%Z" not in form:
            text = _NAMED_UTC.sub("+0000", text)
        return datetime.strptime(text, form)  # noqa: DTZ007 - the caller adds the zone

    def _expect_one(self, moment: datetime, text: str) -> None:
        """Raises BadValue for a time that clocks showed twice, or never, as they were set for
        summer. A day begins even so, with the first moment of it."""
        if moment.time() == time.min or moment.utcoffset() == moment.replace(fold=1).utcoffset():
            return
        again = moment.astimezone(UTC).astimezone(self.zone).replace(fold=0) == moment
        happened = "twice" if again else "never"
        raise BadValue(
            f"time {text!r} was {happened} in {self.zone.key}, where clocks were set for summer or"
            " winter: give its offset, such as +01:00"
        )

    def _advice(self) -> str:
        return "" if self.form else "; say how times are written with --date-format"


def said_twice(form: str) -> str:
    """A part of a time that a form has more than once, which nothing could be read by; or empty."""
    parts = [part for part in _IN_FORM.findall(_with_offset(form)) if part[0] == "%" != part[1:]]
    return next((part for part in parts if parts.count(part) > 1), "")


@lru_cache(maxsize=1)
def _with_offset(form: str) -> str:
    """The form with an offset in place of a zone's name, unless it has an offset: strptime takes
    names and forgets them."""
    if "%z" in form:
        return form
    zones = ("%Z", *_UTC)
    return _IN_FORM.sub(lambda part: "%z" if part[0] in zones else part[0], form)


def _counted(text: str) -> str:
    """What is told of a time that programs count instead of writing it; empty for any other."""
    number = _COUNTED.fullmatch(text)
    if number is None:
        return ""
    if len(number[1]) == _DIGITS_OF_DAY:
        return "is a spreadsheet's day number: format the column as a date"
    if len(number[1]) in _DIGITS_OF_UNIX:
        return "is a Unix time: write it as a time, such as 2026-03-31 17:05:00"
    return ""


def _zoned(text: str) -> str:
    """What is told of a time with the name of a zone; empty for any other."""
    named = _ZONE_NAME.search(text)
    if named is None or named[1] in _UTC:
        return ""
    return (
        f"names the zone {named[1]}, which may be several: write its offset, such as +01:00, or"
        " leave it out and say --time-zone"
    )


def content_id(prefix: str, *parts: str) -> str:
    """An id made from content, so that the same row always has the same one."""
    digest = hashlib.sha256("\x1f".join(parts).encode()).hexdigest()
    return f"{prefix}-{digest[:32]}"


def parse_choice(text: str, choices: Mapping[str, Choice], noun: str) -> Choice:
    """The number of an enum value by its name, in any case, with spaces or hyphens.

    Raises:
        BadValue: there is no such value; the message lists those there are.
    """
    number = choices.get(text.strip().upper().replace(" ", "_").replace("-", "_"))
    if number is None:
        named = sorted(name for name in choices if not name.endswith("_UNSPECIFIED"))
        raise BadValue(f"{noun} {text!r} is none of {', '.join(named)}")
    return number


def listed(text: str) -> list[str]:
    """The parts of a cell that holds several values, separated by semicolons, line ends or,
    as address books do, three colons."""
    return [part.strip() for part in _BETWEEN.split(text) if part.strip()]


def name_in(collection: str, text: str, noun: str) -> str:
    """`ann` → `users/ann`; a full name stays as it is, and so does an empty cell.

    Raises:
        BadValue: it can't be the name of one of the collection.
    """
    if not text:
        return ""
    identifier = folded(text.removeprefix(f"{collection}/"))
    if not is_id(identifier):
        raise BadValue(f"{noun} {text!r} is no id in {collection} such as ann, ann-lee")
    return f"{collection}/{identifier}"
