"""Files in any encoding are read, or one sentence says what they are."""

from __future__ import annotations

import gzip
import os
from pathlib import Path

import pytest

from cli.connection import CommandError
from cli.imports.encodings import encoding_of
from cli.imports.sources import Form
from tests.support.imports import opened, written

HEADER = "order,date,qty,price,customer\n"
ROW = "V-1,2026-02-01,2,4.50,ANN\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_an_encoding_is_known_by_its_mark(tmp_path: Path, encoding: str) -> None:
    path = written(tmp_path / "o.txt", (HEADER + "Ü-1,2026-02-01,2,4,王\n"), encoding)
    [(_, values)] = opened(path).rows()
    assert (values[0], values[4]) == ("Ü-1", "王")


@pytest.mark.parametrize(
    ("written_in", "said", "marked"),
    [
        ("utf-8-sig", "windows-1252", "utf-8"),
        ("utf-8-sig", "gb18030", "utf-8"),
        ("utf-8-sig", "utf-16-le", "utf-8"),
        ("utf-16", "utf-8", "utf-16"),
        ("utf-32", "utf-16", "utf-32"),
    ],
)
def test_an_encoding_that_the_mark_contradicts_is_one_sentence(
    tmp_path: Path, written_in: str, said: str, marked: str
) -> None:
    path = written(tmp_path / "o.csv", f"{HEADER}1,2026-02-01,2,4,Groß\n", written_in)
    with pytest.raises(CommandError) as told:
        opened(path, Form(encoding=said))
    assert f"mark of {marked} and not with --encoding {said}: leave the option out" in str(
        told.value
    )


@pytest.mark.parametrize(
    ("written_in", "said"),
    [("utf-8-sig", "utf8"), ("utf-8-sig", "utf-8-sig"), ("utf-16", "utf-16-le"), ("utf-16", "U16")],
)
def test_an_encoding_may_be_said_though_the_mark_says_it(
    tmp_path: Path, written_in: str, said: str
) -> None:
    path = written(tmp_path / "o.csv", f"{HEADER}1,2026-02-01,2,4,Groß\n", written_in)
    [(_, values)] = opened(path, Form(encoding=said)).rows()
    assert (values[0], values[4]) == ("1", "Groß")


@pytest.mark.parametrize(
    ("encoding", "text"), [("gb18030", "上海文具"), ("windows-1252", "Grün & Söhne")]
)
def test_an_encoding_is_said(tmp_path: Path, encoding: str, text: str) -> None:
    path = written(tmp_path / "o.csv", f"{HEADER}1,2026-02-01,2,4,{text}\n", encoding)
    [(_, values)] = opened(path, Form(encoding=encoding)).rows()
    assert values[4] == text


@pytest.mark.parametrize(
    ("encoding", "text"), [("gb18030", "上海文具"), ("windows-1252", "Grün & Söhne")]
)
def test_an_undecodable_line_far_down_is_one_sentence_with_a_proposal(
    tmp_path: Path, encoding: str, text: str
) -> None:
    path = written(
        tmp_path / "o.csv", HEADER + ROW * 20_000 + f"V-2,2026-02-01,2,4,{text}\n", encoding
    )
    source = opened(path)
    with pytest.raises(CommandError) as told:
        list(source.rows())
    assert "line 20002 is not utf-8 text: name the file's --encoding" in str(told.value)
    assert f"{encoding} would read {text!r}" in str(told.value)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "is empty"),
        (b"\n\n \n", "is empty"),
        (b"\xff\xfex\0\n\0\xff", "is not utf-16 text"),
        ("order,date\n".encode("utf-16-le"), "try --encoding utf-16-le"),
        ("order,date\n".encode("utf-16-be"), "try --encoding utf-16-be"),
        (b"PK\x03\x04rest of a workbook", "is a workbook or a ZIP archive: save its sheet as CSV"),
        (
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600),
            "is a workbook or a ZIP archive: save its sheet",
        ),
    ],
)
def test_a_file_that_is_no_table_is_one_sentence(
    tmp_path: Path, content: bytes, sentence: str
) -> None:
    path = tmp_path / "x.csv"
    path.write_bytes(content)
    with pytest.raises(CommandError, match=sentence):
        list(opened(path).rows())


def test_an_unknown_encoding_and_a_missing_file_are_one_sentence_each(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="--encoding klingon: no such encoding"):
        opened(tmp_path / "o.csv", Form(encoding="klingon"))
    with pytest.raises(CommandError) as told:
        opened(tmp_path / "o.csv")
    assert str(told.value) == f"Can't read {tmp_path / 'o.csv'}: No such file or directory."


@pytest.mark.parametrize("keep", [0.5, 0.99])
def test_a_packed_file_that_is_cut_off_is_one_sentence(tmp_path: Path, keep: float) -> None:
    path = tmp_path / "o.csv.gz"
    packed = gzip.compress((HEADER + ROW * 5_000).encode())
    path.write_bytes(packed[: int(len(packed) * keep)])
    with pytest.raises(CommandError, match="is cut off or damaged"):
        list(opened(path).rows())


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (gzip.compress((HEADER + ROW).encode(), mtime=0)[:-12], "is cut off or damaged"),
        (b"\x1f\x8b\x08\0junk", "is cut off or damaged"),
        (b"\x1f\x8b\x08\0\0\0\0\0\0\xff" + b"\xff" * 40, "is cut off or damaged"),
        ((HEADER + ROW).encode(), "is not gzipped, or damaged: rename it"),
    ],
    ids=("cut off", "no gzip behind its mark", "no end", "plain text"),
)
def test_a_file_that_cannot_be_unpacked_is_one_sentence(
    tmp_path: Path, content: bytes, sentence: str
) -> None:
    path = tmp_path / "o.csv.gz"
    path.write_bytes(content)
    with pytest.raises(CommandError, match=sentence):
        list(opened(path).rows())


def test_a_pipe_is_one_sentence_and_nobody_waits_for_it(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(CommandError, match=r"pipe is a pipe or a device.*save it as a file first"):
        opened(tmp_path / "pipe")


def test_a_folder_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(CommandError) as told:
        opened(tmp_path)
    assert str(told.value) == f"Can't read {tmp_path}: Is a directory."


def test_a_packed_file_is_read_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "o.csv.gz"
    path.write_bytes(gzip.compress((HEADER + ROW).encode()))
    assert [line for line, _ in opened(path).rows()] == [2]


def test_of_a_long_undecodable_cell_thirty_characters_are_shown(tmp_path: Path) -> None:
    shown = "Grün & Söhne, Nachfahren und E"
    path = written(
        tmp_path / "o.csv", HEADER + f'V-2;{shown}nkel"\n'.replace(",", "."), "windows-1252"
    )
    with pytest.raises(CommandError) as told:
        list(opened(path).rows())
    assert f"windows-1252 would read {shown.replace(',', '.')!r}" in str(told.value)


@pytest.mark.parametrize("encoding", ["windows-1252", "latin-1", "iso-8859-15", "gb18030"])
@pytest.mark.parametrize("name", ["f.csv", "f.csv.gz"])
def test_utf_8_is_not_read_in_another_encoding(tmp_path: Path, encoding: str, name: str) -> None:
    text = "customer,name\n" + "x,y\n" * 300_000 + "Grün-1,Müller GmbH\n"
    content = text.encode()
    path = tmp_path / name
    path.write_bytes(gzip.compress(content, 1) if name.endswith(".gz") else content)
    with pytest.raises(CommandError, match=f"is UTF-8 text, and with --encoding {encoding} its"):
        encoding_of(path, encoding)
    assert encoding_of(path, "UTF8") == "utf-8"


@pytest.mark.parametrize("text", ["customer,name\n1,Muller\n", "customer,name\n1,Grün\n"])
def test_what_is_no_utf_8_or_is_the_same_in_both_is_read_as_the_user_says(
    tmp_path: Path, text: str
) -> None:
    path = written(tmp_path / "f.csv", text, "windows-1252")
    assert encoding_of(path, "windows-1252") == "cp1252"
