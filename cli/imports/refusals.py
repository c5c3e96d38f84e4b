"""Rows that were refused and cells that were left out, and the files that tell which and why."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from cli.imports.sources import DELIMITERS, SEPARATOR_LINE, Misfit, Source


class LeftOut(NamedTuple):
    """A value that its row went in without."""

    line: int
    field: str
    value: str
    reason: str


@dataclass(slots=True)
class Refusals:
    """Line numbers and reasons, at most one a line; and values left out of rows."""

    reasons: dict[int, str] = field(default_factory=dict)
    left_out: list[LeftOut] = field(default_factory=list)

    def add(self, lines: Iterable[int], reason: str) -> None:
        """Refuses lines; the first reason given for a line stays."""
        for line in lines:
            self.reasons.setdefault(line, reason)

    def add_misfit(self, misfit: Misfit) -> None:
        """Refuses a record that doesn't fit its header."""
        self.add((misfit.line,), misfit.reason)

    def cells(self) -> list[LeftOut]:
        """The values left out of rows that went in: those of refused rows are told with them."""
        return [each for each in self.left_out if each.line not in self.reasons]

    def write_rows(self, source: Source, path: Path) -> None:
        """Writes the refused rows with line number and reason before their own columns, in the
        form of the source: read again, it means the same."""
        with _written(path, source) as writer:
            writer.writerow(("line", "reason", *source.header))
            for line, values in source.records():
                if line in self.reasons:
                    writer.writerow((line, self.reasons[line], *values))

    def write_cells(self, source: Source, path: Path) -> None:
        """Writes the values that were left out."""
        with _written(path, source) as writer:
            writer.writerow(LeftOut._fields)
            writer.writerows(self.cells())


@contextmanager
def _written(path: Path, source: Source) -> Iterator[Any]:
    """A writer of rows between whose cells stands what does so in the source: it also says how
    numbers are likely meant. The byte order mark tells spreadsheets the encoding."""
    with path.open("w", encoding="utf-8-sig", newline="") as text:
        if source.delimiter not in DELIMITERS:
            text.write(f"{SEPARATOR_LINE}{source.delimiter}\r\n")
        yield csv.writer(text, delimiter=source.delimiter)
