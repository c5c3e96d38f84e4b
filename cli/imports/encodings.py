"""Which encoding a file is in: by its byte order mark, else UTF-8; and what to propose if it
isn't."""

from __future__ import annotations

import codecs
import gzip
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, cast

from cli.connection import CommandError

_MARKS = (
    # A mark of UTF-32 begins with that of UTF-16.
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_WORKBOOK = b"PK\x03\x04"
_PROPOSED = ("gb18030", "windows-1252")
# Of these a line end is not one byte, so that their lines can't be told by it.
_WIDE = ("utf-16", "utf-32")
_SHOWN_CHARACTERS = 30


def encoding_of(path: Path, said: str) -> str:
    """The encoding the user said, or that of the file's byte order mark, or UTF-8.

    Raises:
        CommandError: there is no such encoding, or the file can't be read or is no text.
    """
    if said:
        try:
            return codecs.lookup(said).name
        except LookupError:
            raise CommandError(
                f"--encoding {said}: no such encoding; try gb18030, utf-16 or windows-1252."
            ) from None
    try:
        with open_bytes(path) as file:
            start = file.read(4)
    except OSError as error:
        raise unreadable(path, error) from error
    if start == _WORKBOOK:
        raise CommandError(f"{path} is a workbook: save its sheet as CSV (UTF-8) and import that.")
    for mark, encoding in _MARKS:
        if start.startswith(mark):
            return encoding
    if b"\0" in start:
        guess = "utf-16-be" if start.startswith(b"\0") else "utf-16-le"
        raise CommandError(f"{path} is not UTF-8: try --encoding {guess}.")
    return "utf-8"


def open_bytes(path: Path) -> BinaryIO:
    """The file's bytes, unpacked if it is gzipped."""
    return cast(BinaryIO, gzip.open(path, "rb")) if path.suffix == ".gz" else path.open("rb")


def unreadable(path: Path, error: OSError) -> CommandError:
    """What is told of a file that can't be opened or unpacked."""
    return CommandError(f"Can't read {path}: {error.strerror or error}.")


def undecodable(path: Path, encoding: str) -> CommandError:
    """What is told of a file that isn't in this encoding: the first line that shows it, and what
    other encodings would read there."""
    if not encoding.startswith(_WIDE):
        with open_bytes(path) as file:
            for number, line in enumerate(file, 1):
                try:
                    line.decode(encoding)
                except UnicodeDecodeError as error:
                    proposals = " or ".join(_proposals(line, error.start, encoding))
                    return CommandError(
                        f"{path}, line {number} is not {encoding} text: name the file's --encoding"
                        f"{'; ' if proposals else ''}{proposals}."
                    )
    return CommandError(f"{path} is not {encoding} text: name the file's --encoding.")


def _proposals(line: bytes, first_bad: int, tried: str) -> Iterator[str]:
    # From the start of the cell on, as far as the eye can tell in any of these.
    start = max(line.rfind(separator, 0, first_bad) for separator in (b",", b";", b"\t", b"|")) + 1
    for encoding in _PROPOSED:
        if encoding != tried:
            try:
                text = line[start:].decode(encoding).strip()
            except UnicodeDecodeError:
                continue
            yield f"{encoding} would read {text[:_SHOWN_CHARACTERS]!r}"
