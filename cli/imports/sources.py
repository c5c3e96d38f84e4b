"""Reads delimited text files, plain or gzipped, row by row with line numbers."""

from __future__ import annotations

import csv
import gzip
import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from cli.connection import CommandError

_DELIMITERS = ",;\t|"


# Every row ends with one empty value more than the header has: it stands for columns that a file
# doesn't have, so that looking them up needs no test.
NO_COLUMN = -1


# The line a record starts on (the header is line 1) and its values.
Row: TypeAlias = tuple[int, list[str]]


@dataclass(frozen=True, slots=True)
class Source:
    """A file with a header."""

    path: Path
    header: tuple[str, ...]
    delimiter: str
    encoding: str

    def rows(self) -> Iterator[Row]:
        """Every record after the header, blank ones left out."""
        with _open(self.path, self.encoding) as text:
            reader = csv.reader(text, delimiter=self.delimiter)
            next(reader)
            line = reader.line_num + 1
            width = len(self.header)
            for values in reader:
                if len(values) == width:
                    values.append("")
                    yield line, values
                elif values:
                    missing = width - len(values)
                    yield line, [*values[:width], "", *[""] * missing]
                line = reader.line_num + 1


def open_source(path: Path, encoding: str) -> Source:
    """Looks at the header and finds the delimiter.

    Raises:
        CommandError: the file is missing, empty, or not text in this encoding.
    """
    try:
        with _open(path, encoding) as text:
            first_line = text.readline()
    except OSError as error:
        raise CommandError(f"Can't read {path}: {error.strerror or error}.") from error
    except UnicodeDecodeError as error:
        raise CommandError(f"{path} is not {encoding} text; name its --encoding.") from error
    if not first_line.strip():
        raise CommandError(f"{path} is empty: its first line must name the columns.")
    delimiter = max(_DELIMITERS, key=first_line.count)
    header = tuple(name.strip() for name in next(csv.reader([first_line], delimiter=delimiter)))
    return Source(path, header, delimiter, encoding)


def _open(path: Path, encoding: str) -> io.TextIOBase:
    if path.suffix == ".gz":
        return gzip.open(path, "rt", encoding=encoding, newline="")
    return path.open(encoding=encoding, newline="")
