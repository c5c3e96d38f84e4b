"""What an import did, as the user reads it at the end."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from rich.table import Table

from cli.imports.progress import console
from cli.imports.refusals import Refusals
from cli.imports.sources import Source


@dataclass(slots=True)
class Result:
    """Rows read, and per kind of item how many are new, there already, and refused."""

    row_count: int = 0
    dry_run: bool = False
    items: list[tuple[str, int, int, int]] = field(default_factory=list)

    def add(self, noun: str, created: int, unchanged: int, refused: int) -> None:
        """Notes what became of the items of one kind."""
        self.items.append((noun, created, unchanged, refused))


def report(result: Result, refusals: Refusals, source: Source, refused_path: Path) -> None:
    """Prints the result and writes the file of refused rows, if there are any."""
    table = Table(title="Would import" if result.dry_run else "Imported", title_justify="left")
    for heading in ("", "new", "already there", "refused"):
        table.add_column(heading, justify="left" if not heading else "right")
    for noun, *counts in result.items:
        table.add_row(noun, *(f"{count:,}" for count in counts))
    console.print(table)
    refused = len(refusals.reasons)
    console.print(f"{result.row_count:,} rows read, {refused:,} refused.")
    if refused:
        refusals.write(source, refused_path)
        console.print(f"Refused rows, each with its line number and reason: {refused_path}")
