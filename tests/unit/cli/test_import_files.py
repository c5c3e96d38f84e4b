"""Files are read as they come: their header found, and what is malformed refused with its line."""

from __future__ import annotations

import codecs
import gzip
import os
from pathlib import Path

import pytest

from cli.connection import CommandError
from cli.imports import customers
from cli.imports.columns import Columns, parse_assignments
from cli.imports.refusals import LeftOut, Refusals
from cli.imports.sources import Form, Misfit
from cli.imports.survey import FIELDS
from tests.support.imports import opened, written

HEADER = "order,date,qty,price,customer\n"
ROW = "V-1,2026-02-01,2,4.50,ANN\n"


@pytest.mark.parametrize(
    "above",
    ["", "\n\n", "Orders of the spring fair\n\n", "sep=,\n", "Report,by,Kim,of,May\nsep=,\n"],
)
def test_the_header_is_found_below_titles(tmp_path: Path, above: str) -> None:
    source = opened(written(tmp_path / "o.csv", above + HEADER + ROW))
    assert source.header == ("order", "date", "qty", "price", "customer")
    line = above.count("\n") + 2
    assert list(source.rows()) == [(line, ["V-1", "2026-02-01", "2", "4.50", "ANN", ""])]


def test_the_user_says_where_the_header_is(tmp_path: Path) -> None:
    path = written(tmp_path / "o.csv", "order,date,qty,price\nNr,Tag,Menge,Preis\n1,2,3,4\n")
    pairs = ("order=Nr", "order_time=Tag", "quantity=Menge", "unit_price=Preis")
    chosen = parse_assignments(pairs, None)
    source = opened(path, Form(header_line=2), Columns(FIELDS, chosen))
    assert source.header == ("Nr", "Tag", "Menge", "Preis")
    assert [line for line, _ in source.rows()] == [3]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_found(tmp_path: Path, delimiter: str) -> None:
    path = written(tmp_path / "o.csv", (HEADER + ROW).replace(",", delimiter))
    [(_, values)] = opened(path).rows()
    assert values == ["V-1", "2026-02-01", "2", "4.50", "ANN", ""]


@pytest.mark.parametrize("form", [Form(delimiter="~"), Form()])
def test_any_other_delimiter_is_said_or_stands_in_the_file(tmp_path: Path, form: Form) -> None:
    text = (HEADER + ROW).replace(",", "~")
    path = written(tmp_path / "o.csv", text if form.delimiter else f"sep=~\n{text}")
    [(_, values)] = opened(path, form).rows()
    assert values[1] == "2026-02-01"


def test_a_header_may_go_over_several_lines(tmp_path: Path) -> None:
    path = written(
        tmp_path / "o.csv", 'order,date,"qty\n(pieces)",price,currency\n1,2026-02-01,2,4,EUR\n'
    )
    source = opened(path)
    assert source.header == ("order", "date", "qty (pieces)", "price", "currency")
    assert list(source.rows()) == [(3, ["1", "2026-02-01", "2", "4", "EUR", ""])]


def test_rows_that_do_not_fit_the_header_are_told_with_their_line(tmp_path: Path) -> None:
    path = written(
        tmp_path / "o.csv",
        HEADER + 'V-1,2026-02-01,2,4,50,ANN\n"V\n2",2026-02-01,2\n\nV-3,2026-02-01,1,4.50,ANN\n',
    )
    misfits: list[Misfit] = []
    rows = list(opened(path).rows(misfits.append))
    assert [line for line, _ in rows] == [6]
    assert [(each.line, each.reason) for each in misfits] == [
        (2, "6 cells where the header has 5: a cell with ',' in it must stand in quotes"),
        (3, "3 cells where the header has 5"),
    ]


def test_empty_cells_beyond_the_header_are_nothing(tmp_path: Path) -> None:
    [(_, values)] = opened(written(tmp_path / "o.csv", HEADER + ROW[:-1] + ",,\n,,,,\n")).rows()
    assert values == ["V-1", "2026-02-01", "2", "4.50", "ANN", ""]


@pytest.mark.parametrize(
    ("rows", "line"),
    [
        ('V-1,2026-02-01,2,4.50,"19 inch rack\n' + ROW * 3, 2),
        (ROW + '"V-1",2026-02-01,2,4.50,"19 inch rack\n' + ROW + 'V-2,2026-02-01,1,1,"x"\n', 3),
        ('V-1,2026-02-01,2,"two\nlines","19 inch rack\n' + ROW, 3),
        (ROW + 'V-1,2026-02-01,2,4.50,"19" rack"\n', 3),
    ],
)
def test_a_quote_that_is_not_closed_is_named_by_its_line(
    tmp_path: Path, rows: str, line: int
) -> None:
    with pytest.raises(CommandError, match=f"line {line}: a quote opens here and is not closed"):
        list(opened(written(tmp_path / "o.csv", HEADER + rows)).rows())


@pytest.mark.parametrize(
    "row",
    [
        'V-1, 2026-02-01,2, "19"" rack, wide", "ANN"\n',
        '"V-1" ,2026-02-01,2,"19"" rack, wide"  ,"ANN" \n',
        '"V-1",2026-02-01 , "2" , "19"" rack, wide" ,ANN\n',
    ],
)
def test_space_beside_quotes_is_nothing(tmp_path: Path, row: str) -> None:
    other = 'V-2,2026-02-01,"a "" , b" ,"" ,"two \nlines "\n'
    path = written(tmp_path / "o.csv", HEADER + ROW + row + other + ROW)
    rows = list(opened(path).rows())
    assert [line for line, _ in rows] == [2, 3, 4, 6]
    values = [[value.strip() for value in values] for _, values in rows]
    assert values[1] == ["V-1", "2026-02-01", "2", '19" rack, wide', "ANN", ""]
    assert rows[2][1] == ["V-2", "2026-02-01", 'a " , b', "", "two \nlines ", ""]


def test_space_beside_the_quotes_of_a_header_is_nothing(tmp_path: Path) -> None:
    header = '"order" , "date","qty" ,"price", "customer" \n'
    source = opened(written(tmp_path / "o.csv", header + ROW))
    assert source.header == ("order", "date", "qty", "price", "customer")
    assert [line for line, _ in source.rows()] == [2]


@pytest.mark.parametrize("cell", ['"Ann" Smith', '"19" rack"', '"19" "rack"'])
def test_text_behind_a_closing_quote_is_named_by_its_line(tmp_path: Path, cell: str) -> None:
    text = f'{HEADER}{ROW}"V-1" ,2026-02-01,2,4.50,{cell}\n{ROW}'
    with pytest.raises(CommandError, match="line 3: a quote opens here and is not closed"):
        list(opened(written(tmp_path / "o.csv", text)).rows())


@pytest.mark.parametrize(
    ("line", "sentence"),
    [(4, "--header-line 4: .* ends on line 3"), (2, "--header-line 2: that line of .* is blank")],
)
def test_a_header_line_that_is_none_is_one_sentence(
    tmp_path: Path, line: int, sentence: str
) -> None:
    path = written(tmp_path / "o.csv", f"{HEADER}\n{ROW}")
    with pytest.raises(CommandError, match=sentence):
        opened(path, Form(header_line=line))


def test_doubled_quotes_and_quotes_amid_a_cell_are_text(tmp_path: Path) -> None:
    path = written(tmp_path / "o.csv", HEADER + 'V-1,2026-02-01,2,"19"" rack",5" tube\n')
    [(_, values)] = opened(path).rows()
    assert values[3:5] == ['19" rack', '5" tube']


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
        (b"PK\x03\x04rest of a workbook", "is a workbook: save its sheet as CSV"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "is a workbook: save its sheet"),
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
    with pytest.raises(CommandError, match=r"Can't read .*No such file"):
        opened(tmp_path / "o.csv")


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
        (gzip.compress((HEADER + ROW).encode())[:-12], "is cut off or damaged"),
        (b"\x1f\x8b\x08\0junk", "is cut off or damaged"),
        (b"\x1f\x8b\x08\0\0\0\0\0\0\xff" + b"\xff" * 40, "is cut off or damaged"),
        ((HEADER + ROW).encode(), "is not gzipped, or damaged: rename it"),
    ],
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
    with pytest.raises(CommandError, match=r"Can't read .*directory"):
        opened(tmp_path)


def test_a_packed_file_is_read_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "o.csv.gz"
    path.write_bytes(gzip.compress((HEADER + ROW).encode()))
    assert [line for line, _ in opened(path).rows()] == [2]


def test_the_refused_file_has_line_and_reason_before_the_row_as_it_stood(tmp_path: Path) -> None:
    source = opened(written(tmp_path / "o.csv", HEADER + ROW + "V-2,2026-02-01,2,4,50,ANN\n"))
    refusals = Refusals()
    refusals.add((2,), "no")
    list(source.rows(refusals.add_misfit))
    refusals.write_rows(source, tmp_path / "refused.csv")
    header, first, second = (tmp_path / "refused.csv").read_text("utf-8-sig").splitlines()
    assert header == "line,reason,order,date,qty,price,customer"
    assert first == "2,no," + ROW.strip()
    assert second.startswith("3,")
    assert second.endswith(",V-2,2026-02-01,2,4,50,ANN")


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|", "~"])
def test_what_was_refused_is_read_again_as_it_was(tmp_path: Path, delimiter: str) -> None:
    row = 'V-1,2026-02-01,2,"4.180; 5"" | ~",王\n'
    text = (HEADER + row).replace(",", delimiter)
    source = opened(written(tmp_path / "o.csv", text, "gb18030"), Form("gb18030", delimiter))
    refusals = Refusals()
    refusals.add((2,), "no; not, so")
    refusals.write_rows(source, tmp_path / "refused.csv")
    again = opened(tmp_path / "refused.csv")
    assert again.delimiter == source.delimiter
    assert again.header[2:] == source.header
    [(_, was)], [(_, values)] = source.rows(), again.rows()
    assert values[2:] == was


def test_files_of_what_was_refused_say_their_encoding_to_spreadsheets(tmp_path: Path) -> None:
    source = opened(written(tmp_path / "o.csv", HEADER + ROW))
    refusals = Refusals({2: "no"}, [LeftOut(2, "phones", "王", "no")])
    refusals.write_rows(source, tmp_path / "refused.csv")
    refusals.write_cells(source, tmp_path / "cells.csv")
    for name in ("refused.csv", "cells.csv"):
        assert (tmp_path / name).read_bytes().startswith(codecs.BOM_UTF8)


def test_a_column_is_named_by_option_or_by_file(tmp_path: Path) -> None:
    mapping = written(tmp_path / "map.toml", 'order = "Belegnummer"\nquantity = "Anzahl"\n')
    chosen = parse_assignments(["quantity=Menge"], mapping)
    header = ("Belegnummer", "Menge", "Anzahl", "date", "price")
    assert Columns(FIELDS, chosen).locate(header)["quantity"] == (1,)


def test_a_list_may_be_in_several_columns() -> None:
    fields = customers.FIELDS
    header = ("name", "Phone", "Mobile", "E-Mail")
    chosen = parse_assignments(["phones=Phone", "phones=Mobile", "phones=phone"], None)
    assert Columns(fields, chosen).locate(header)["phones"] == (1, 2)


def test_several_columns_of_a_list_are_named_by_file(tmp_path: Path) -> None:
    mapping = written(tmp_path / "map.toml", 'phones = ["Phone", "Mobile"]\nowner = ""\n')
    chosen = parse_assignments(["name=Contact"], mapping)
    assert chosen == {"name": ("Contact",), "phones": ("Phone", "Mobile"), "owner": ()}


def test_a_column_is_let_go() -> None:
    columns = Columns(customers.FIELDS, parse_assignments(["owner=", "region="], None))
    located = columns.locate(("name", "owner", "country", "region", "phone"))
    assert located == {"name": (0,), "phones": (4,)}


def test_all_that_is_to_be_said_is_asked_for_at_once() -> None:
    columns = Columns(FIELDS, parse_assignments(["colour=x", "region="], None))
    with pytest.raises(CommandError) as told:
        columns.locate(("Nr", "Preis", "customer", "customer_id"))
    assert str(told.value).count("--map customer=COLUMN") == 1
    assert "--map colour: no such field" in str(told.value)
    assert (
        "No column for order, order_time, quantity, unit_price: name them with --map order=COLUMN"
        " --map order_time=COLUMN --map quantity=COLUMN --map unit_price=COLUMN; the file has Nr,"
        " Preis, customer, customer_id."
    ) in str(told.value)


@pytest.mark.parametrize(
    ("header", "assignments", "sentence"),
    [
        (("date", "quantity", "price"), [], "No column for order"),
        (("order", "date", "quantity", "price"), ["order=Nr"], "has no such column"),
        (("order", "date", "quantity", "price"), ["colour=x"], "no such field"),
        (("order", "date", "quantity", "price"), ["colour"], "write it as field=Column"),
        (
            ("order", "date", "Qty", "price", "qty "),
            [],
            "The column Qty is there more than once, and quantity is in one of them",
        ),
        (
            ("order", "date", "qty", "price", "customer", "customer_id"),
            [],
            "customer and customer_id could each hold customer: choose with --map customer=COLUMN",
        ),
        (
            ("order", "date", "qty", "price", "Kunde", "Name"),
            ["customer=Kunde", "customer=Name"],
            r"--map customer is there 2 times \(Kunde, Name\), and it holds one value",
        ),
        (("order", "date", "qty", "price"), ["quantity="], "No column for quantity"),
    ],
)
def test_a_column_that_cannot_be_told_is_one_sentence(
    header: tuple[str, ...], assignments: list[str], sentence: str
) -> None:
    with pytest.raises(CommandError, match=sentence):
        Columns(FIELDS, parse_assignments(assignments, None)).locate(header)


def test_a_column_that_nothing_is_read_from_may_be_there_twice() -> None:
    header = ("order", "date", "qty", "price", "note", "note")
    assert len(Columns(FIELDS, {}).locate(header)) == 4


@pytest.mark.parametrize("text", ["order = 1\n", "order =\n", "order = [1]\n"])
def test_a_mapping_that_cannot_be_read_is_one_sentence(tmp_path: Path, text: str) -> None:
    with pytest.raises(CommandError, match=r"map\.toml"):
        parse_assignments([], written(tmp_path / "map.toml", text))


def test_a_file_without_any_name_is_one_sentence() -> None:
    header = ("id", "email")
    with pytest.raises(CommandError, match=r"No column for name: .*the file has id, email\. Or"):
        customers.expect_a_name(Columns(customers.FIELDS, {}).locate(header), header)


@pytest.mark.parametrize("name", ["Create Date", "Created", "Created at", "first seen", "since"])
def test_since_when_a_customer_is_known_is_found_under_its_usual_names(name: str) -> None:
    assert "first_seen_time" in Columns(customers.FIELDS, {}).locate(("name", name))


def test_two_columns_of_a_list_are_asked_about_and_may_both_be_chosen() -> None:
    with pytest.raises(CommandError, match=r"Phone and Mobile could .*, once for each column"):
        Columns(customers.FIELDS, {}).locate(("name", "Phone", "Mobile"))
