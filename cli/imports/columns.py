"""Which column of a file holds which field: by option, by mapping file, or by a common name."""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from pathlib import Path

from cli.connection import CommandError
from cli.imports.cells import clean, folded
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
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            raise CommandError(f"Can't read the mapping {mapping_file}: {error}") from error
        for name, column in chosen.items():
            if not isinstance(column, str):
                raise CommandError(f'{mapping_file}: write {name} = "Column".')
    for assignment in assignments:
        field, equals, column = assignment.partition("=")
        if not equals:
            raise CommandError(f"--map {assignment}: write it as field=Column.")
        chosen[field.strip()] = column.strip()
    return chosen


@dataclass(frozen=True, slots=True)
class Columns:
    """The fields of one kind of import, and the columns that the user chose for some of them."""

    fields: Sequence[Field]
    chosen: Mapping[str, str]

    def known(self, header: Sequence[str]) -> int:
        """How many cells of a line are names of columns that are looked for."""
        names = {_plain(name) for field in self.fields for name in self._names(field)}
        return sum(_plain(cell) in names for cell in header)

    def locate(self, header: Sequence[str]) -> dict[str, int]:
        """Field name to column index; a field without a column is left out.

        Raises:
            CommandError: names an unknown field or column, a required field without a column, a
            field that two columns could hold, or a column that is there twice.
        """
        known = {field.name for field in self.fields}
        for name in self.chosen:
            if name not in known:
                raise CommandError(
                    f"--map {name}: no such field; there are {', '.join(sorted(known))}."
                )
        located = {}
        for field in self.fields:
            found = self._find(field, header)
            if found is not None:
                located[field.name] = found
        return located

    def _names(self, field: Field) -> tuple[str, ...]:
        if field.name in self.chosen:
            return (self.chosen[field.name],)
        return (field.name, *field.synonyms)

    def _find(self, field: Field, header: Sequence[str]) -> int | None:
        names = {_plain(name) for name in self._names(field)}
        found = [index for index, column in enumerate(header) if _plain(column) in names]
        if len(found) == 1:
            return found[0]
        if found:
            raise _several(field, [header[index] for index in found])
        if field.name in self.chosen:
            raise CommandError(
                f"--map {field.name}={self.chosen[field.name]}: the file has no such column;"
                f" it has {', '.join(header)}."
            )
        if field.required:
            raise CommandError(
                f"No column for {field.name}: name it with --map {field.name}=COLUMN;"
                f" the file has {', '.join(header)}."
            )
        return None


def _several(field: Field, columns: Sequence[str]) -> CommandError:
    plain = Counter(map(_plain, columns))
    twice = next((column for column in columns if plain[_plain(column)] > 1), None)
    if twice is not None:
        return CommandError(
            f"The column {twice} is there more than once, and {field.name} is in one of them:"
            " rename the others."
        )
    return CommandError(
        f"{' and '.join(columns)} could each hold {field.name}: choose with"
        f" --map {field.name}=COLUMN."
    )


def _plain(column: str) -> str:
    return "".join(character for character in folded(column) if character.isalnum())


class Cells:
    """A row's cells by field name; empty where the file has no such column or no value."""

    __slots__ = ("_columns", "_values")

    def __init__(self, columns: Mapping[str, int], values: Sequence[str]) -> None:
        self._columns = columns
        self._values = values

    def __getitem__(self, name: str) -> str:
        """Raises BadValue for a control character."""
        return clean(self._values[self._columns.get(name, NO_COLUMN)], name)


def picker(columns: Mapping[str, int], *names: str) -> Callable[[list[str]], tuple[str, ...]]:
    """A function that takes several cells out of a row's values at once, as they are written."""
    return itemgetter(*(columns.get(name, NO_COLUMN) for name in names))
