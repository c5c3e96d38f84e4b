"""Rows that were refused, and the file that tells the user which and why."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from cli.imports.sources import Source


@dataclass(slots=True)
class Refusals:
    """Line numbers and reasons, at most one a line."""

    reasons: dict[int, str] = field(default_factory=dict)

    def add(self, lines: Iterable[int], reason: str) -> None:
        """Refuses lines; the first reason given for a line stays."""
        for line in lines:
            self.reasons.setdefault(line, reason)

    def write(self, source: Source, path: Path) -> None:
        """Writes the refused rows with line number and reason before their own columns."""
        with path.open("w", encoding="utf-8", newline="") as text:
            writer = csv.writer(text)
            writer.writerow(("line", "reason", *source.header))
            for line, values in source.rows():
                if line in self.reasons:
                    writer.writerow((line, self.reasons[line], *values[:-1]))
