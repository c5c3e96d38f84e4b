"""Two exports that were put together: what both hold is never counted twice unasked."""

from __future__ import annotations

from pathlib import Path

import pytest

from cli.connection import CommandError
from tests.support.imports import collected, customers_of, opened, surveyed, written

HEADER = "order,date,qty,price,customer,sku\n"
A = "J-1,2026-01-30,1,10.00,KIM,PEN\n"
B = "J-2,2026-01-31,2,20.00,KIM,PEN\n"
B2 = "J-2,2026-01-31,1,5.00,KIM,INK\n"
C = "J-3,2026-02-01,1,10.00,KIM,PEN\n"


def lines_of(path: Path, *, repeated_rows: bool = False) -> tuple[dict[str, int], list[int]]:
    """How many lines each order has that would be sent, and which rows are refused."""
    ready, refusals = collected(path, repeated_rows=repeated_rows)
    counts = {each.request.order_id: len(each.request.order.lines) for each in ready}
    return counts, sorted(refusals.reasons)


@pytest.mark.parametrize(
    "again", [HEADER, "\ufeff" + HEADER, " order , date,qty,price,customer,sku\n"]
)
def test_a_file_that_names_its_columns_again_is_one_sentence(tmp_path: Path, again: str) -> None:
    with pytest.raises(CommandError, match="line 4: the columns are named again"):
        surveyed(written(tmp_path / "o.csv", HEADER + A + B + again + B + C))


def test_so_is_a_file_of_customers_also_one_with_a_column_that_has_no_name(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="line 3: the columns are named again"):
        customers_of(written(tmp_path / "c.csv", ",id,name\n0,1,Ann\n,id,name\n0,2,Bo\n"))


def test_a_value_that_is_called_like_its_column_is_a_value(tmp_path: Path) -> None:
    source = opened(written(tmp_path / "o.csv", HEADER + A.replace("J-1", "order")))
    assert len(list(source.rows())) == 1


@pytest.mark.parametrize(
    ("rows", "refused"),
    [
        (A + B + B2 + A + B + B2, [2, 3, 4, 5, 6, 7]),
        (A + B + B2 + C + B + B2 + A.replace("1,10", "2,10"), [3, 4, 6, 7]),
        (A + B + B2 + C + B2 + B, [3, 4, 6, 7]),
        (A + B + C + B + A + B, [2, 3, 5, 6, 7]),
    ],
)
def test_an_order_all_of_whose_rows_come_again_is_refused(
    tmp_path: Path, rows: str, refused: list[int]
) -> None:
    path = written(tmp_path / "o.csv", HEADER + rows)
    _, lines = lines_of(path)
    assert lines == refused
    counts, lines = lines_of(path, repeated_rows=True)
    assert sum(counts.values()) == rows.count("\n")
    assert lines == []


B3 = "J-2,2026-01-31,1,7.00,KIM,CAP\n"


@pytest.mark.parametrize(
    ("rows", "refused"),
    [
        (B + B2 + C + B + B2 + B3, [2, 3, 5, 6, 7]),  # a line came to it
        (B + B2 + B3 + C + B3 + B, [2, 3, 4, 6, 7]),  # one was taken out
        (B + C + B2 + B, [2, 4, 5]),
        (B + A + B3 + C + B + B2, [2, 4, 6, 7]),
    ],
)
def test_an_order_that_changed_between_two_exports_is_refused(
    tmp_path: Path, rows: str, refused: list[int]
) -> None:
    path = written(tmp_path / "o.csv", HEADER + rows)
    _, lines = lines_of(path)
    assert lines == refused
    _, lines = lines_of(path, repeated_rows=True)
    assert lines == []


@pytest.mark.parametrize(
    "rows", [A + B + B + C, A + B + C + B2, B + A + B2 + C + B, B + B2 + B + B2 + A]
)
def test_rows_that_stand_together_or_come_again_in_part_are_lines(
    tmp_path: Path, rows: str
) -> None:
    counts, lines = lines_of(written(tmp_path / "o.csv", HEADER + rows))
    assert lines == []
    assert sum(counts.values()) == rows.count("\n")


def test_an_order_whose_key_is_a_number_has_as_many_lines_as_rows(tmp_path: Path) -> None:
    header = HEADER.replace("order", "order_no")  # later in the alphabet than `line`
    row = A.replace("J-1", "17850")
    counts, lines = lines_of(written(tmp_path / "o.csv", header + row * 2 + B))
    assert (counts, lines) == ({"17850": 2, "j-2": 1}, [])


def test_what_was_refused_for_it_stays_refused_until_it_is_mended(tmp_path: Path) -> None:
    path = written(tmp_path / "o.csv", HEADER + A + B + C + B)
    _, refusals = collected(path)
    refused = tmp_path / "refused.csv"
    refusals.write_rows(opened(path), refused)
    assert lines_of(refused) == ({}, [2, 3])
    rows = refused.read_text("utf-8-sig").splitlines()
    assert "come again from line 5 on" in rows[1]
    assert lines_of(written(refused, "\n".join(rows[:2]))) == ({"j-2": 1}, [])


def test_a_line_of_more_digits_than_any_file_has_lines_is_no_line(tmp_path: Path) -> None:
    rows = f"{'9' * 5_000},,{A}3,,{B}"
    assert lines_of(written(tmp_path / "refused.csv", f"line,reason,{HEADER}{rows}")) == (
        {"j-1": 1, "j-2": 1},
        [],
    )


def test_a_row_that_is_refused_makes_no_product_and_no_customer(tmp_path: Path) -> None:
    rows = (
        "K-1,2026-01-30,many,10.00,LEE,BAD-1\nK-2,soon,1,10.00,KIM,BAD-2\n"
        "K-3,2026-01-30,1,#REF!,KIM,BAD-3\nK-4,2026-01-30,1,10.00,KIM,PEN\n"
    )
    found, _, _ = surveyed(written(tmp_path / "o.csv", HEADER + rows))
    assert list(found.products) == ["pen"]
    assert list(found.customers) == ["kim"]


def test_it_is_told_where_a_changed_order_begins_anew(tmp_path: Path) -> None:
    path = written(tmp_path / "o.csv", HEADER + B + B2 + C + B + B2 + B3)
    _, refusals = collected(path)
    assert refusals.reasons[2] == (
        "the order's rows come again from line 5 on with others, as if two exports were put"
        " together and it had changed in between: take the older ones out, or say --repeated-rows"
        " if they are more lines of the order"
    )
