"""Order lines become whole orders or none: whatever their keys, cells and rows look like."""

from __future__ import annotations

from pathlib import Path

import pytest

from cli.connection import CommandError
from cli.imports import orders
from cli.imports.refusals import Refusals
from tests.support.imports import collected, opened, surveyed, written

HEADER = "invoice,stock_code,description,quantity,invoice_time,unit_price,customer_id,country\n"
SHORT = "order,date,qty,price,customer\n"


def test_rows_of_one_order_need_not_stand_together(tmp_path: Path) -> None:
    ready, _ = collected(
        written(
            tmp_path / "o.csv",
            HEADER
            + "1,A,Lantern,6,2010-12-01 08:26:00,2.55,17850,UK\n"
            + "2,B,Heart,1,2010-12-01 08:28:00,3.39,17850,UK\n"
            + "1,B,Heart,2,2010-12-01 08:27:00,3.39,17850,UK\n",
        )
    )
    [second, first] = ready
    assert [line.quantity for line in first.request.order.lines] == [6, 2]
    assert first.rows == [2, 4]
    assert len(second.request.order.lines) == 1


def test_an_order_with_two_timestamps_has_the_earlier_one(tmp_path: Path) -> None:
    [order], _ = collected(
        written(
            tmp_path / "o.csv",
            HEADER
            + "1,A,Lantern,6,2010-12-01 08:27:00,2.55,17850,UK\n"
            + "1,B,Heart,2,2010-12-01 08:26:00,3.39,17850,UK\n",
        )
    )
    assert order.request.order.order_time.ToJsonString() == "2010-12-01T08:26:00Z"


def test_identical_rows_are_two_lines(tmp_path: Path) -> None:
    row = "1,A,Lantern,6,2010-12-01 08:26:00,2.55,17850,UK\n"
    ready, _ = collected(written(tmp_path / "o.csv", HEADER + row + row))
    assert len(ready[0].request.order.lines) == 2


def test_an_order_with_a_bad_row_is_refused_as_a_whole(tmp_path: Path) -> None:
    ready, refusals = collected(
        written(
            tmp_path / "o.csv",
            HEADER
            + "1,A,Lantern,6,2010-12-01 08:26:00,2.55,17850,UK\n"
            + "1,B,Heart,many,2010-12-01 08:26:00,3.39,17850,UK\n"
            + "2,B,Heart,1,2010-12-01 08:28:00,3.39,17850,UK\n",
        )
    )
    assert [order.request.order_id for order in ready] == ["2"]
    assert refusals.reasons == {
        3: "quantity 'many' is not a whole number",
        2: "the order's line 3 was refused: quantity 'many' is not a whole number",
    }


def test_a_quantity_that_is_a_barcode_refuses_its_order_alone(tmp_path: Path) -> None:
    ready, refusals = collected(
        written(
            tmp_path / "o.csv",
            HEADER
            + "1,A,Lantern,40063813339314006381,2010-12-01 08:26:00,2.55,17850,UK\n"
            + "2,B,Heart,1,2010-12-01 08:28:00,3.39,17850,UK\n",
        )
    )
    assert [order.request.order_id for order in ready] == ["2"]
    assert refusals.reasons == {2: "quantity '40063813339314006381' is too large"}


def test_one_order_in_several_spellings_is_one_order(tmp_path: Path) -> None:
    [order], refusals = collected(
        written(
            tmp_path / "o.csv",
            SHORT
            + "R-9,2026-02-01,1,4.00,KIM\n"
            + " R-9,2026-02-01,1,30.00,KIM\n"
            + "r-9,2026-02-01,1,2.00,kim\n"
            + "Ｒ-9,2026-02-01,1,1.00,ＫＩＭ\n",
        )
    )
    assert not refusals.reasons
    assert [line.unit_price.units for line in order.request.order.lines] == [4, 30, 2, 1]


@pytest.mark.parametrize(
    "bad",
    [
        "R-9,2026-02-01,1,7,50,KIM\n",  # a cell too many
        "R-9,2026-02-01,1\n",  # cells missing
        ",R-9,2026-02-01,1,2.00,KIM\n",  # moved by one
        ",2026-02-01,1,2.00,KIM\n",  # without its order, below one that it may belong to
        "NULL,2026-02-01,1,2.00,KIM\n",
        "#REF!,2026-02-01,1,2.00,KIM\n",
        "1.5E+11,2026-02-01,1,2.00,KIM\n",
        "R-9,2026-02-01,0,2.00,KIM\n",
        "R-9,2026-02-30,1,2.00,KIM\n",
        "R-9,2026-02-01,1,2.00,LEE\n",
        "R-9,2026-02-01,1,€2.00,KIM\n",
        "r-9 ,2026-02-01,1,2.00,K\0IM\n",
    ],
)
@pytest.mark.parametrize("first", [True, False])
def test_an_order_is_never_booked_without_one_of_its_rows(
    tmp_path: Path, bad: str, first: bool
) -> None:
    good = "R-9,2026-02-01,1,5.00,KIM\n"
    other = "R-8,2026-02-01,1,1.00,LEE\n"
    if first and bad.startswith((",2", "NULL", "#", "1.5")):
        pytest.skip("a row above every order belongs to none of them")
    rows = [bad, good] if first else [good, bad]
    ready, refusals = collected(
        written(tmp_path / "o.csv", SHORT + other + "".join(rows) + other.replace("8", "7"))
        if not first
        else written(tmp_path / "o.csv", SHORT + "".join(rows) + other)
    )
    assert "r-9" not in [order.request.order_id for order in ready]
    assert "r-8" in [order.request.order_id for order in ready]
    assert {3, 4} <= set(refusals.reasons) or {2, 3} <= set(refusals.reasons)


def test_rows_below_a_first_row_mean_as_above(tmp_path: Path) -> None:
    path = written(
        tmp_path / "o.csv",
        "order,date,qty,price,customer,currency,exchange_rate,sku,seller\n"
        "S-4,2026-02-01,2,3.00,KIM,EUR,1.1,CUP,ann\n"
        "S-4,,1,20.00,,,,BOWL,\n"
        "S-5,2026-02-02,1,7.00,,,,CUP,\n",
    )
    [first, second], refusals = collected(path)
    assert not refusals.reasons
    order = first.request.order
    assert [line.unit_price.units for line in order.lines] == [3, 20]
    assert {line.unit_price.currency_code for line in order.lines} == {"EUR"}
    assert (order.customer, order.currency_code, order.exchange_rate) == (
        "customers/kim",
        "EUR",
        "1.1",
    )
    assert second.request.order.currency_code == "GBP"
    assert second.request.order.lines[0].unit_price.currency_code == "GBP"


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("S-4,,1,2.00,,USD,,,", "currency USD where the order began with EUR"),
        ("S-4,,1,2.00,,,1.2,,", "exchange_rate 1.2 where the order began with 1.1"),
        ("S-4,,1,2.00,,,,,lee", "seller lee where the order began with users/ann"),
        ("S-4,,1,2.00,,,,S-1,", "original_order S-1 where the order began with none"),
        ("S-4,,1,2.00,LEE,,,,", "customer 'LEE' where the order began with 'kim'"),
    ],
)
def test_an_order_that_contradicts_itself_is_refused(tmp_path: Path, row: str, reason: str) -> None:
    ready, refusals = collected(
        written(
            tmp_path / "o.csv",
            "order,date,qty,price,customer,currency,exchange_rate,original_order,owner\n"
            f"S-4,2026-02-01,2,3.00,KIM,eur,1.10,,ann\n{row}\n",
        )
    )
    assert not ready
    assert refusals.reasons[3] == reason


def test_the_same_terms_in_another_spelling_are_no_contradiction(tmp_path: Path) -> None:
    ready, _ = collected(
        written(
            tmp_path / "o.csv",
            "order,date,qty,price,customer,currency,exchange_rate,original_order\n"
            "S-4,2026-02-01,2,3.00,KIM,eur,1.10,S-1\n"
            "S-4,2026-02-01,2,4.00,kim ,EUR,1.1,s-1\n",
        )
    )
    assert len(ready[0].request.order.lines) == 2


@pytest.mark.parametrize(
    "rows",
    [
        'X-1,2026-02-01,1,5.00,"19 inch\nX-2,2026-02-01,1,6.00,plain\nX-3,2026-02-01,1,7.00,19"\n',
        'X-1,2026-02-01,1,5.00,"19 inch rack\nX-2,2026-02-01,1,6.00,19"\n',
        'X-1,2026-02-01,1,5.00,"19 inch\nX-2,2026-02-01"\n',
    ],
)
def test_rows_are_not_swallowed_by_two_quotes_that_are_inches(tmp_path: Path, rows: str) -> None:
    path = written(tmp_path / "o.csv", "order,date,qty,price,description\n" + rows)
    with pytest.raises(CommandError, match=r"line 2: a quoted cell goes on over .*X-2,2026-02-01"):
        surveyed(path)


def test_of_a_row_that_a_quote_swallows_forty_characters_are_shown(tmp_path: Path) -> None:
    row = f"X-2,2026-02-01,1,6.00,{'a' * 30}"
    path = written(
        tmp_path / "o.csv",
        f'order,date,qty,price,description\nX-1,2026-02-01,1,5.00,"19 inch\n{row}\nplain"\n',
    )
    with pytest.raises(CommandError) as refused:
        surveyed(path)
    assert f"({row[:40]!r})" in str(refused.value)


@pytest.mark.parametrize(
    "line", ["two, 3, 4, five", "seen,2026-02-01,by Kim,twice", "seen,2026-02-01,1,twice"]
)
def test_a_description_may_have_lines_of_its_own(tmp_path: Path, line: str) -> None:
    text = f'order,date,qty,price,description\nX-1,2026-02-01,1,5.00,"one,\n{line}"\n'
    [order], _ = collected(written(tmp_path / "o.csv", text))
    assert order.request.order.lines[0].description == f"one,\n{line}"


def test_a_customer_or_product_that_was_refused_takes_its_orders_along(tmp_path: Path) -> None:
    path = written(
        tmp_path / "o.csv",
        "order,date,qty,price,customer,sku\n"
        "U-1,2026-02-01,1,2.00,KIM,CUP\nU-2,2026-02-01,1,2.00,LEE,CUP\n"
        "U-3,2026-02-01,1,2.00,LEE,BOWL\n",
    )
    ready, refusals = collected(
        path, refused={"customers/kim": "name too long", "products/bowl": "no"}
    )
    assert [order.request.order_id for order in ready] == ["u-2"]
    assert refusals.reasons == {
        2: "customers/kim was refused: name too long",
        4: "products/bowl was refused: no",
    }


def test_an_order_is_ready_with_its_last_row(tmp_path: Path) -> None:
    text = (
        HEADER
        + "1,A,Lantern,6,2010-12-01 08:26:00,2.55,,UK\n"
        + "2,A,Lantern,6,2010-12-01 08:26:00,2.55,,UK\n"
        + "2,A,Lantern,6,2010-12-01 08:26:00,2.55,,UK\n"
        + "1,A,Lantern,7,2010-12-01 08:26:00,2.55,,UK\n"
    )
    ready, _ = collected(written(tmp_path / "o.csv", text))
    assert [order.request.order_id for order in ready] == ["2", "1"]


@pytest.mark.parametrize(
    "second", ["", "1,A,Lantern,6,2010-12-01,2.55,,UK\n" * 2, "2,A,Lantern,6,2010-12-01,2.55,,UK\n"]
)
def test_a_file_that_changes_while_it_is_read_is_one_sentence(tmp_path: Path, second: str) -> None:
    path = written(tmp_path / "o.csv", HEADER + "1,A,Lantern,6,2010-12-01,2.55,,UK\n")
    found, reading, _ = surveyed(path)
    written(path, HEADER + second)
    collector = orders.Collector(reading, found, refusals=Refusals())
    with pytest.raises(CommandError, match="The file changed while it was read"):
        list(collector.collect(opened(path).rows()))


def test_an_order_without_a_time_is_refused(tmp_path: Path) -> None:
    ready, refusals = collected(
        written(tmp_path / "o.csv", HEADER + "1,A,Lantern,6,,2.55,17850,UK\n")
    )
    assert not ready
    assert refusals.reasons == {2: "order_time is empty"}


def test_orders_that_name_an_original_come_after_it(tmp_path: Path) -> None:
    ready, _ = collected(
        written(
            tmp_path / "o.csv",
            "order,order_time,quantity,unit_price,original_order\n"
            "R1,2011-03-02,-1,2.55,O1\n"
            "O1,2011-03-01,1,2.55,\n",
        )
    )
    assert [order.request.order_id for order in ready] == ["o1", "r1"]
