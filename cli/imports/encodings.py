"""The bytes of a file, and which encoding they are in: by the byte order mark, else as said, else
UTF-8; and what to propose if they aren't."""

from __future__ import annotations

import codecs
import gzip
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
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
_START = 8
# Workbooks are ZIP archives, older ones aren't.
_NO_TEXT = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
_PROPOSED = ("gb18030", "windows-1252")
# Of these a line end is not one byte, so that their lines can't be told by it.
_WIDE = ("utf-16", "utf-32")
_SHOWN_CHARACTERS = 30
_CHUNK_BYTES = 1 << 20


def encoding_of(path: Path, said: str) -> str:
    """The encoding of the file's byte order mark, or else the one the user said, or UTF-8.

    Raises:
        CommandError: there is no such encoding, the mark is another one's, the file is in UTF-8
        all the same, or it can't be read or is no text.
    """
    named = _named(said)
    with bytes_of(path) as file:
        start = file.read(_START)
    if start.startswith(_NO_TEXT):
        raise CommandError(
            f"{path} is a workbook or a ZIP archive: save its sheet as CSV (UTF-8), or unpack it,"
            " and import that."
        )
    for mark, encoding in _MARKS:
        if start.startswith(mark):
            if named and not _agree(named, encoding):
                raise CommandError(
                    f"{path} begins with the byte order mark of {encoding.removesuffix('-sig')}"
                    f" and not with --encoding {said}: leave the option out."
                )
            return encoding
    if named:
        _expect_no_utf_8(path, named, said)
        return named
    if b"\0" in start:
        guess = "utf-16-be" if start.startswith(b"\0") else "utf-16-le"
        raise CommandError(f"{path} is not UTF-8: try --encoding {guess}.")
    return "utf-8"


def _named(said: str) -> str:
    if not said:
        return ""
    try:
        return codecs.lookup(said).name
    except LookupError:
        raise CommandError(
            f"--encoding {said}: no such encoding; try gb18030, utf-16 or windows-1252."
        ) from None


def _expect_no_utf_8(path: Path, named: str, said: str) -> None:
    """Raises CommandError where UTF-8 would be read in another encoding: most take its bytes for
    letters of theirs, while no text of theirs but a few words is UTF-8."""
    if named.startswith("utf"):
        return
    decoder = codecs.getincrementaldecoder("utf-8")()
    is_ascii = True
    try:
        with bytes_of(path) as file:
            while chunk := file.read(_CHUNK_BYTES):
                is_ascii = is_ascii and chunk.isascii()
                decoder.decode(chunk)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return
    if not is_ascii:
        raise CommandError(
            f"{path} is UTF-8 text, and with --encoding {said} its letters would be others: leave"
            " the option out; or save the file as UTF-8, if it isn't."
        )


def _agree(named: str, marked: str) -> bool:
    """Whether an encoding is the one of a mark: utf-16-le has that of utf-16."""
    family = marked.removesuffix("-sig")
    return named == family or named.startswith((f"{family}-", f"{family}_"))


@contextmanager
def bytes_of(path: Path) -> Iterator[BinaryIO]:
    """The file's bytes, unpacked if it is gzipped.

    Raises:
        CommandError: while it is open, it can't be read or unpacked; or it is no file that can be
        read more than once.
    """
    try:
        if not path.is_dir() and path.exists() and not path.is_file():
            raise CommandError(
                f"{path} is a pipe or a device, and an import reads its file more than once:"
                " save it as a file first."
            )
        packed = path.suffix == ".gz"
        with gzip.open(path, "rb") if packed else path.open("rb") as file:
            yield cast(BinaryIO, file)
    except gzip.BadGzipFile:
        raise CommandError(
            f"{path} is not gzipped, or damaged: rename it if it is a plain file."
        ) from None
    except OSError as error:
        raise CommandError(f"Can't read {path}: {error.strerror or error}.") from error
    except (EOFError, zlib.error):
        raise CommandError(f"{path} is cut off or damaged: it can't be unpacked.") from None


def undecodable(path: Path, encoding: str) -> CommandError:
    """What is told of a file that isn't in this encoding: the first line that shows it, and what
    other encodings would read there."""
    if not encoding.startswith(_WIDE):
        with bytes_of(path) as file:
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
