"""Files are read as they come: their header found, and what is malformed refused with its line."""

from __future__ import annotations

import codecs
from pathlib import Path

import pytest

from cli.connection import CommandError
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


def test_of_two_lines_that_name_as_many_columns_the_first_is_the_header(tmp_path: Path) -> None:
    path = written(tmp_path / "o.csv", HEADER + HEADER.upper() + ROW)
    assert opened(path).header_line == 1


def test_where_no_column_is_known_the_first_line_is_cut_where_most_come_of_it(
    tmp_path: Path,
) -> None:
    path = written(tmp_path / "o.csv", "Nr;Tag, Zeit;Menge;Preis\n1;2;3;4\n")
    source = opened(path)
    assert source.header == ("Nr", "Tag, Zeit", "Menge", "Preis")
    assert source.header_line == 1


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
