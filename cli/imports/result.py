"""What an import did, as the user reads it at the end."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import chain

from rich.table import Table

from cli.imports.job import Job
from cli.imports.progress import console
from cli.imports.refusals import Refusals
from cli.imports.sending import RUN_IT_AGAIN, Tally


@dataclass(slots=True)
class Result:
    """Rows read, and per kind of item how many are new, there already, and refused."""

    row_count: int = 0
    items: list[tuple[str, int, int, int]] = field(default_factory=list)

    def add(self, noun: str, created: int, unchanged: int, refused: int) -> None:
        """Notes what became of the items of one kind."""
        self.items.append((noun, created, unchanged, refused))


@dataclass(slots=True)
class SoFar:
    """What has gone in of an import that is still going on, by kind."""

    tallies: dict[str, Tally] = field(default_factory=dict)

    def tally(self, noun: str) -> Tally:
        """A tally of one kind, to be filled."""
        return self.tallies.setdefault(noun, Tally())

    def told(self, *, dry_run: bool) -> str:
        """What there is to know of an import that is stopped now."""
        gone_in = [
            f"{tally.created:,} new {noun}" for noun, tally in self.tallies.items() if tally.created
        ]
        if dry_run or not self.tallies:
            return "Stopped; nothing had gone in. Run it again."
        if not gone_in:
            return f"Stopped; what was on its way may have gone in. {RUN_IT_AGAIN}"
        return f"Stopped; at least {', '.join(gone_in)} had gone in. {RUN_IT_AGAIN}"


def report(job: Job, result: Result, refusals: Refusals) -> None:
    """Prints the result and writes the files of what didn't go in, if there is anything."""
    table = Table(title="Would import" if job.dry_run else "Imported", title_justify="left")
    for heading in ("", "new", "already there", "refused"):
        table.add_column(heading, justify="left" if not heading else "right")
    for noun, *counts in result.items:
        table.add_row(noun, *(f"{count:,}" for count in counts))
    console.print(table)
    if job.source.header_line > 1:
        _say(f"The columns are named on line {job.source.header_line}.")
    unused = _unused_columns(job)
    if unused:
        _say(f"Columns not used: {', '.join(unused)}.")
    refused, left_out = len(refusals.reasons), len(refusals.cells())
    _say(f"{result.row_count:,} rows read, {refused:,} refused.")
    if refused:
        refusals.write_rows(job.source, job.refused_path)
        _say(f"Refused rows, each with its line number and reason: {job.refused_path}")
    if left_out:
        refusals.write_cells(job.source, job.cells_path)
        _say(f"{left_out:,} values left out of rows that went in: {job.cells_path}")


def _unused_columns(job: Job) -> list[str]:
    used = set(chain.from_iterable(job.columns.values()))
    return [name for index, name in enumerate(job.source.header) if name and index not in used]


def _say(text: str) -> None:
    # Names of files and columns are no markup.
    console.print(text, markup=False, highlight=False, soft_wrap=True)
