"""Which column of a file holds which field: by option, by mapping file, or by a common name."""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from pathlib import Path
from typing import TypeAlias

from cli.connection import CommandError
from cli.imports.cells import clean, folded
from cli.imports.sources import NO_COLUMN


@dataclass(frozen=True, slots=True)
class Field:
    """A field an import understands, the usual names of its column, if it must be there, and if it
    holds a list, which may be in several columns. What it `names` is another field, of keys:
    without a column of these it would be read for nothing, and `without` says what becomes of it.
    A column that the user says has the keys may hold another field as well, such as an address.
    """

    name: str
    synonyms: tuple[str, ...] = ()
    required: bool = False
    is_list: bool = False
    is_key: bool = False
    names: str = ""
    without: str = ""


# The columns chosen for a field: none if it is to be left empty.
Chosen: TypeAlias = Mapping[str, tuple[str, ...]]
# The indexes of a field's columns.
Located: TypeAlias = Mapping[str, tuple[int, ...]]


def parse_assignments(assignments: Sequence[str], mapping_file: Path | None) -> Chosen:
    """`field=Column` options over a TOML file of the same pairs; options win. A field without a
    column (`field=`) is to be left empty.

    Raises:
        CommandError: a pair without `=`, or an unreadable file.
    """
    chosen: dict[str, tuple[str, ...]] = {}
    for assignment in assignments:
        field, equals, column = assignment.partition("=")
        if not equals:
            raise CommandError(f"--map {assignment}: write it as field=Column.")
        chosen[field.strip()] = (*chosen.get(field.strip(), ()), column.strip())
    if mapping_file is not None:
        chosen = _mapped(mapping_file) | chosen
    return {field: tuple(filter(None, columns)) for field, columns in chosen.items()}


def _mapped(path: Path) -> dict[str, tuple[str, ...]]:
    try:
        pairs = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise CommandError(f"Can't read the mapping {path}: {error}") from error
    mapped = {}
    for field, stated in pairs.items():
        columns = stated if isinstance(stated, list) else [stated]
        if not all(isinstance(column, str) for column in columns):
            raise CommandError(f'{path}: write {field} = "Column", or a list of such texts.')
        mapped[field] = tuple(columns)
    return mapped


@dataclass(frozen=True, slots=True)
class Columns:
    """The fields of one kind of import, and the columns that the user chose for some of them."""

    fields: Sequence[Field]
    chosen: Chosen

    def known(self, header: Sequence[str]) -> int:
        """How many cells of a line are names of columns that are looked for."""
        names = {plain(name) for field in self.fields for name in self._names(field)}
        return sum(plain(cell) in names for cell in header)

    def locate(self, header: Sequence[str]) -> Located:
        """Field name to the indexes of its columns; a field without a column is left out.

        Raises:
            CommandError: names an unknown field or column, a required field without a column, a
            field that two columns could hold, or a column that is there twice. All at once.
        """
        known = {field.name for field in self.fields}
        asked = [
            f"--map {name}: no such field; there are {', '.join(sorted(known))}."
            for name in self.chosen
            if name not in known
        ]
        located, missing = {}, []
        for field in self.fields:
            try:
                found = self._find(field, header)
            except CommandError as error:
                asked.append(str(error))
                continue
            if found:
                located[field.name] = found
            elif field.required:
                missing.append(field.name)
        if missing:
            asked.append(no_column(missing, header))
        asked += [
            _no_keys(field, header[located[field.name][0]])
            for field in self.fields
            if field.name in located and not self._is_settled(field.names, located)
        ]
        if asked:
            raise CommandError(" ".join(asked))
        return located

    def _is_settled(self, keys: str, located: Located) -> bool:
        """Whether there are keys, or the user said that there are none."""
        return not keys or keys in located or keys in self.chosen

    def _names(self, field: Field) -> tuple[str, ...]:
        return self.chosen.get(field.name, (field.name, *field.synonyms))

    def _taken(self, field: Field) -> set[str]:
        """The columns that the user chose for other fields, and which aren't this one's too."""
        return {
            plain(column)
            for other in self.fields
            if not other.is_key or field.is_key
            for column in self.chosen.get(other.name, ())
        }

    def _find(self, field: Field, header: Sequence[str]) -> tuple[int, ...]:
        if field.name not in self.chosen:
            names = {plain(name) for name in self._names(field)} - self._taken(field)
            found = tuple(index for index, name in enumerate(header) if plain(name) in names)
            if len(found) > 1:
                raise _several(field, [header[index] for index in found])
            return found
        columns = self.chosen[field.name]
        if len(columns) > 1 and not field.is_list:
            raise CommandError(
                f"--map {field.name} is there {len(columns)} times ({', '.join(columns)}), and it"
                " holds one value."
            )
        return tuple(dict.fromkeys(_chosen(field, column, header) for column in columns))


def no_column(fields: Sequence[str], header: Sequence[str]) -> str:
    """What is told of fields that no column of a file has a usual name of."""
    options = " ".join(f"--map {field}=COLUMN" for field in fields)
    return (
        f"No column for {', '.join(fields)}: name {'it' if len(fields) == 1 else 'them'} with"
        f" {options}; the file has {', '.join(header)}."
    )


def _no_keys(field: Field, column: str) -> str:
    return (
        f"{column} has names, and no column has a key for each {field.names}: say --map"
        f' "{field.names}={column}" if the names are the keys, --map {field.names}=COLUMN for'
        f" another column, or --map {field.names}= if {field.without}."
    )


def _chosen(field: Field, column: str, header: Sequence[str]) -> int:
    found = [index for index, name in enumerate(header) if plain(name) == plain(column)]
    if len(found) > 1:
        raise _several(field, [header[index] for index in found])
    if not found:
        raise CommandError(
            f"--map {field.name}={column}: the file has no such column; it has {', '.join(header)}."
        )
    return found[0]


def _several(field: Field, columns: Sequence[str]) -> CommandError:
    counts = Counter(map(plain, columns))
    twice = next((column for column in columns if counts[plain(column)] > 1), None)
    if twice is not None:
        return CommandError(
            f"The column {twice} is there more than once, and {field.name} is in one of them:"
            " rename the others."
        )
    each = ", once for each column that holds some" if field.is_list else ""
    return CommandError(
        f"{' and '.join(columns)} could each hold {field.name}: choose with"
        f" --map {field.name}=COLUMN{each}."
    )


def plain(column: str) -> str:
    """A normal form to compare names of columns by."""
    return "".join(character for character in folded(column) if character.isalnum())


class Cells:
    """A row's cells by field name; empty where the file has no such column or no value. A list
    that is in several columns is one of a line for each."""

    __slots__ = ("_columns", "_values")

    def __init__(self, columns: Located, values: Sequence[str]) -> None:
        self._columns = columns
        self._values = values

    def __getitem__(self, name: str) -> str:
        """Raises BadValue for a control character."""
        columns = self._columns.get(name, ())
        return "\n".join([clean(self._values[index], name) for index in columns])


def picker(columns: Located, *names: str) -> Callable[[list[str]], tuple[str, ...]]:
    """A function that takes several cells out of a row's values at once, as they are written."""
    return itemgetter(*(columns.get(name, (NO_COLUMN,))[0] for name in names))
