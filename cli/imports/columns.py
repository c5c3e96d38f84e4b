"""Which column of a file holds which field: by option, by mapping file, or by a common name."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from pathlib import Path

from cli.connection import CommandError
from cli.imports.sources import NO_COLUMN


@dataclass(frozen=True, slots=True)
class Field:
    """A field an import understands, the usual names of its column, and if it must be there."""

    name: str
    synonyms: tuple[str, ...] = ()
    required: bool = False


def parse_assignments(assignments: Sequence[str], mapping_file: Path | None) -> dict[str, str]:
    """`field=Column` options over a TOML file of the same pairs; options win.

    Raises:
        CommandError: a pair without `=`, or an unreadable file.
    """
    chosen: dict[str, str] = {}
    if mapping_file is not None:
        try:
            chosen.update(tomllib.loads(mapping_file.read_text(encoding="utf-8")))
        except (OSError, tomllib.TOMLDecodeError) as error:
            raise CommandError(f"Can't read the mapping {mapping_file}: {error}") from error
    for assignment in assignments:
        field, equals, column = assignment.partition("=")
        if not equals:
            raise CommandError(f"--map {assignment}: write it as field=Column.")
        chosen[field.strip()] = column.strip()
    return chosen


def locate(
    fields: Sequence[Field], header: Sequence[str], chosen: Mapping[str, str]
) -> dict[str, int]:
    """Field name to column index; a field without a column is left out.

    Raises:
        CommandError: names an unknown field, an unknown column, or a required field without one.
    """
    known = {field.name for field in fields}
    for name in chosen:
        if name not in known:
            raise CommandError(
                f"--map {name}: no such field; there are {', '.join(sorted(known))}."
            )
    positions = {_folded(column): index for index, column in enumerate(header)}
    located: dict[str, int] = {}
    for field in fields:
        candidates = (
            (chosen[field.name],) if field.name in chosen else (field.name, *field.synonyms)
        )
        found = next((positions[_folded(c)] for c in candidates if _folded(c) in positions), None)
        if found is not None:
            located[field.name] = found
        elif field.name in chosen:
            raise CommandError(
                f"--map {field.name}={chosen[field.name]}: the file has no such column;"
                f" it has {', '.join(header)}."
            )
        elif field.required:
            raise CommandError(
                f"No column for {field.name}: name it with --map {field.name}=COLUMN;"
                f" the file has {', '.join(header)}."
            )
    return located


def _folded(column: str) -> str:
    return "".join(character for character in column.casefold() if character.isalnum())


class Cells:
    """A row's cells by field name; empty where the file has no such column."""

    __slots__ = ("_columns", "_values")

    def __init__(self, columns: Mapping[str, int], values: Sequence[str]) -> None:
        self._columns = columns
        self._values = values

    def __getitem__(self, name: str) -> str:
        return self._values[self._columns.get(name, NO_COLUMN)].strip()


def picker(columns: Mapping[str, int], *names: str) -> Callable[[list[str]], tuple[str, ...]]:
    """A function that takes several cells out of a row's values at once, as they are written."""
    return itemgetter(*(columns.get(name, NO_COLUMN) for name in names))
