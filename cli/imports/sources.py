"""Reads delimited text files, plain or gzipped, row by row with the numbers of their lines."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

from cli.connection import CommandError
from cli.imports.encodings import bytes_of, encoding_of, undecodable
from cli.imports.quotes import opening_quote, without_space_behind_quotes

# Those that are found out.
DELIMITERS = ",;\t|"
# Spreadsheets write one such line before the header, and read it from there.
SEPARATOR_LINE = "sep="
# So many lines may stand before the header.
_LEADING_LINES = 20
_MARK_OF_BYTE_ORDER = "\ufeff"  # which files that are put together have in the middle
_MAX_CELL_CHARACTERS = 1_000_000
_SHOWN_CHARACTERS = 40

# Every row ends with one empty value more than the header has: it stands for columns that a file
# doesn't have, so that looking them up needs no test.
NO_COLUMN = -1


Prepare: TypeAlias = Callable[[Iterable[str], str], Iterable[str]]

# The line a record starts on (counted from 1, as an editor does) and its values.
Row: TypeAlias = tuple[int, list[str]]


class Misfit(NamedTuple):
    """A record with more or fewer cells than the header: which cell is which nobody knows."""

    line: int
    values: list[str]
    reason: str


@dataclass(frozen=True, slots=True)
class Form:
    """How a file is written, as far as its user said: empty and 0 are found out."""

    encoding: str = ""
    delimiter: str = ""
    header_line: int = 0


@dataclass(frozen=True, slots=True)
class Source:
    """A file with a header. `is_row` says whether cells look like those of a row."""

    path: Path
    header: tuple[str, ...]
    header_line: int
    delimiter: str
    encoding: str
    is_row: Callable[[list[str]], bool] = lambda cells: False

    def rows(self, on_misfit: Callable[[Misfit], object] = lambda misfit: None) -> Iterator[Row]:
        """Every record after the header, blank ones left out, with an empty value at its end.

        Raises:
            CommandError: a quote isn't closed, the file isn't text in its encoding, or it names
                its columns again.
        """
        width = len(self.header)
        at, first = next((at, name) for at, name in enumerate(self.header) if name)
        for line, values in self.records():
            if len(values) > at and first in values[at]:
                self._expect_no_header(line, values)
            if len(values) == width:
                values.append("")
                yield line, values
            elif any(values[width:]) or len(values) < width:
                on_misfit(Misfit(line, values, self._misfit(len(values))))
            else:  # programs that write more delimiters than they have columns
                values[width:] = [""]
                yield line, values

    def _expect_no_header(self, line: int, values: list[str]) -> None:
        names = tuple(" ".join(value.strip(_MARK_OF_BYTE_ORDER).split()) for value in values)
        if names == self.header:
            raise CommandError(
                f"{self.path}, line {line}: the columns are named again, as if two exports were put"
                " together: import each by itself, or take this line out, and of what is there"
                " twice the second."
            )

    def records(self) -> Iterator[Row]:
        """Every record after the header as it stands in the file, blank ones left out."""
        records = self._records_from(self.header_line, _as_they_are)
        next(records, None)
        return records

    def _records_from(self, line: int, prepared: Prepare) -> Iterator[Row]:
        """Every record from a line on, blank ones left out. Where one can't be read, it and those
        that follow are prepared for being so."""
        with _text(self.path, self.encoding) as text:
            before = line - 1
            reader = _reader(prepared(islice(text, before, None), self.delimiter), self.delimiter)
            try:
                for values in reader:
                    last_line = before + reader.line_num
                    if any(values):
                        if last_line > line:
                            self._expect_no_row_within(line, values)
                        yield line, values
                    line = last_line + 1
            except csv.Error as error:
                if prepared is without_space_behind_quotes:
                    raise self._malformed(line, error) from None
            else:
                return
        yield from self._records_from(line, without_space_behind_quotes)

    def _expect_no_row_within(self, line: int, values: list[str]) -> None:
        """Raises CommandError where a cell of several lines has swallowed rows: two quotes that
        were meant otherwise can open and close one."""
        for value in values:
            for piece in value.splitlines()[1:]:
                cells = next(csv.reader([piece], delimiter=self.delimiter), [])
                if self.is_row(cells):
                    raise CommandError(
                        f"{self.path}, line {line}: a quoted cell goes on over lines that look like"
                        f" rows ({piece[:_SHOWN_CHARACTERS]!r}); close its quote, or double the"
                        ' quotes inside it ("").'
                    )

    def _misfit(self, count: int) -> str:
        told = f"{count} cells where the header has {len(self.header)}"
        if count < len(self.header):
            return told
        return f"{told}: a cell with {_named(self.delimiter)} in it must stand in quotes"

    def _malformed(self, line: int, error: csv.Error) -> CommandError:
        """What is told of a record that can't be read: the line where its quote opens."""
        with _text(self.path, self.encoding) as text:
            rest = without_space_behind_quotes(islice(text, line - 1, None), self.delimiter)
            opens = opening_quote(rest, line, self.delimiter)
        if opens is None:
            return CommandError(f"{self.path}, line {line}: {error}.")
        return CommandError(
            f"{self.path}, line {opens}: a quote opens here and is not closed before the next"
            ' delimiter or line end; close it, or double the quotes inside a cell ("").'
        )


def open_source(path: Path, form: Form, known_columns: Callable[[Sequence[str]], int]) -> Source:
    """Finds encoding, delimiter and header: of the first lines the one most of whose cells are
    known columns.

    Raises:
        CommandError: the file is missing, empty, or not text in its encoding.
    """
    with _text(path, encoding := encoding_of(path, form.encoding)) as text:
        lines = list(islice(text, form.header_line + 2 * _LEADING_LINES))
    if form.header_line > len(lines):
        raise CommandError(f"--header-line {form.header_line}: {path} ends on line {len(lines)}.")
    found = list(_possible_headers(lines, form))
    if not found and form.header_line:
        raise CommandError(f"--header-line {form.header_line}: that line of {path} is blank.")
    if not found:
        raise CommandError(f"{path} is empty: a line of it must name the columns.")

    def likelihood(possible: tuple[int, str, tuple[str, ...]]) -> tuple[int, int, int]:
        number, _, header = possible
        return known_columns(header), -number, len(header)

    number, delimiter, header = max(found, key=likelihood)
    return Source(path, header, number, delimiter, encoding)


def _possible_headers(
    lines: Sequence[str], form: Form
) -> Iterator[tuple[int, str, tuple[str, ...]]]:
    """Line number, delimiter and cells of each line that could name the columns."""
    delimiters = form.delimiter or DELIMITERS
    numbers = [form.header_line] if form.header_line else range(1, _LEADING_LINES + 1)
    for number in numbers:
        content = "".join(lines[number - 1 : number]).strip()
        unquoted = content.strip('"')
        if unquoted.lower().startswith(SEPARATOR_LINE):
            delimiters = form.delimiter or unquoted[len(SEPARATOR_LINE) :][:1] or "\t"
        elif content:
            for delimiter in delimiters:
                yield number, delimiter, _first_record(lines[number - 1 :], delimiter)


def _first_record(lines: Iterable[str], delimiter: str) -> tuple[str, ...]:
    reader = _reader(without_space_behind_quotes(lines, delimiter), delimiter)
    try:
        return tuple(" ".join(name.split()) for name in next(reader, ()))
    except csv.Error:
        return ()


def _reader(lines: Iterable[str], delimiter: str) -> Any:
    csv.field_size_limit(_MAX_CELL_CHARACTERS)
    return csv.reader(lines, delimiter=delimiter, strict=True, skipinitialspace=True)


def _as_they_are(lines: Iterable[str], delimiter: str) -> Iterable[str]:
    return lines


def _named(delimiter: str) -> str:
    return "a tab" if delimiter == "\t" else repr(delimiter)


@contextmanager
def _text(path: Path, encoding: str) -> Iterator[io.TextIOBase]:
    """The file's lines with their ends as they are.

    Raises:
        CommandError: what is read of it isn't text in this encoding, or it can't be read.
    """
    try:
        with bytes_of(path) as file, io.TextIOWrapper(file, encoding, newline="") as text:
            yield text
    except UnicodeError:
        raise undecodable(path, encoding) from None
