"""Cells of order lines that people write otherwise: what they are, or that they are asked about."""

from __future__ import annotations

from pathlib import Path

import pytest

from cli.connection import CommandError
from cli.imports.numbers import Decimals
from tests.support.imports import collected, surveyed, written

HEADER = "invoice,stock_code,description,quantity,invoice_time,unit_price,customer_id,country\n"
SHORT = "order,date,qty,price,customer\n"


@pytest.mark.parametrize("customer", ["", "nan", "NULL"])
def test_a_walk_in_order_has_no_customer_and_names_none(tmp_path: Path, customer: str) -> None:
    path = written(
        tmp_path / "o.csv", HEADER + f"1,A,Lantern,6,2010-12-01 08:26:00,2.55,{customer},UK\n"
    )
    ready, _ = collected(path)
    assert ready[0].request.order.customer == ""
    assert not surveyed(path)[0].customers


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("#REF!,2026-02-01,1,5.00,KIM,CUP", "order is #REF!, the error of a spreadsheet"),
        ("R-9,2026-02-01,1,5.00,KIM,#N/A", "product is #N/A, the error of a spreadsheet"),
        ("R-9,2026-02-01,1,#VALUE!,KIM,CUP", "unit_price is #VALUE!, the error of a spreadsheet"),
        ("R-9,2026-02-01,1,5.00,#N/A,CUP", "customer is #N/A, the error of a spreadsheet"),
        (
            "R-9,2026-02-01,1,5.00,#¿NOMBRE?,CUP",
            "customer is #¿NOMBRE?, the error of a spreadsheet",
        ),
        ("R-9,2026-02-01,1,5.00,Err:508,CUP", "customer is Err:508, the error of a spreadsheet"),
    ],
)
def test_a_spreadsheets_error_is_no_order_no_product_no_customer_and_no_walk_in(
    tmp_path: Path, row: str, reason: str
) -> None:
    path = written(tmp_path / "o.csv", f"order,date,qty,price,customer,sku\n{row}\n")
    ready, refusals = collected(path)
    assert not ready
    assert refusals.reasons == {2: reason}
    assert not surveyed(path)[0].products.keys() - {"cup"}


@pytest.mark.parametrize("customer", ["N/A", "none", "n/a"])
def test_a_placeholder_is_a_walk_in(tmp_path: Path, customer: str) -> None:
    path = written(tmp_path / "o.csv", SHORT + f"R-9,2026-02-01,1,5.00,{customer}\n")
    [order], _ = collected(path)
    assert order.request.order.customer == ""
    assert not surveyed(path)[0].customers


def test_a_file_with_decimal_commas_is_asked_about_before_anything_is_sent(tmp_path: Path) -> None:
    path = written(
        tmp_path / "o.csv",
        "order;date;qty;price;customer\nT-1;2026-02-01;1;4.180;KIM\nT-2;2026-02-01;1;7,50;KIM\n",
    )
    with pytest.raises(CommandError) as told:
        surveyed(path)
    assert "line 3: number '7,50' has a decimal comma: say --decimal comma" in str(told.value)
    assert str(told.value).endswith("; and --thousands, if '4.180' on line 2 is 4180.")
    ready, refusals = collected(path, decimals=Decimals.COMMA, thousands=True)
    assert [order.request.order.lines[0].unit_price.units for order in ready] == [4180, 7]
    assert not refusals.reasons


def test_a_number_that_could_be_two_is_refused_where_commas_are_likely(tmp_path: Path) -> None:
    path = written(
        tmp_path / "o.csv", "order;date;qty;price;customer\nT-1;2026-02-01;1;4.180;KIM\n"
    )
    ready, refusals = collected(path)
    assert not ready
    assert "could be 4.180 or 4180" in refusals.reasons[2]
    [order], _ = collected(path, decimals=Decimals.COMMA, thousands=True)
    assert order.request.order.lines[0].unit_price.units == 4180


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("003Xx00000AbCdE,Maple Dental", "003Xx00000aBcDe,Cedar Freight"),
        ("003Xx00000AbCdE,", "003Xx00000aBcDe,"),
        ("KIM,Kim Sand", "kim,Kim Berg"),
    ],
)
def test_orders_of_two_customers_whose_keys_differ_only_in_case_are_never_one_customers(
    tmp_path: Path, one: str, other: str
) -> None:
    path = written(
        tmp_path / "o.csv",
        "order,date,qty,price,customer,customer_name\n"
        f"W-1,2026-02-01,1,10.00,{one}\nW-2,2026-02-01,1,900.00,{other}\n"
        f"w-1,2026-02-01,1,10.00,{one}\nW-3,2026-02-01,1,5.00,LEE,\nw-3,2026-02-01,1,5.00,lee,\n",
    )
    ready, refusals = collected(path)
    assert [order.request.order_id for order in ready] == ["w-3"]
    assert sorted(refusals.reasons) == [2, 3, 4]
    assert "differ only in case" in refusals.reasons[3]
    assert list(surveyed(path)[0].customers) == ["lee"]
    ready, refusals = collected(path, keys_with_case=True)
    assert [(order.request.order_id, len(order.rows)) for order in ready] == [
        ("w-2", 1),
        ("w-1", 2),
    ]
    assert len({order.request.order.customer for order in ready}) == 2
    assert list(refusals.reasons) == [6, 5]  # LEE and lee in one order, where case counts


@pytest.mark.parametrize("row", ["-1,-5.00", "(2),(5.00)", "-1,-0.05"])
def test_a_return_at_a_negative_price_is_refused_and_never_a_sale(tmp_path: Path, row: str) -> None:
    text = (
        f"{SHORT}X-1,2026-02-01,{row},KIM\nX-2,2026-02-01,-1,5.00,KIM\nX-3,2026-02-01,1,-5.00,KIM\n"
    )
    ready, refusals = collected(written(tmp_path / "o.csv", text))
    assert [order.request.order_id for order in ready] == ["x-2", "x-3"]
    assert list(refusals.reasons) == [2]
    assert "quantity and unit_price are both negative" in refusals.reasons[2]


@pytest.mark.parametrize("row", ["-1,0.50", "-1,0", "1,-0.50", "1,0.00", "-1,1.00"])
def test_what_is_given_away_or_taken_back_for_less_than_one_is_a_line(
    tmp_path: Path, row: str
) -> None:
    ready, refusals = collected(written(tmp_path / "o.csv", f"{SHORT}X-1,2026-02-01,{row},KIM\n"))
    assert [order.request.order_id for order in ready] == ["x-1"]
    assert not refusals.reasons


@pytest.mark.parametrize("header", ["seller", "owner", "sales_agent"])
def test_who_sold_it_is_found_under_its_usual_names(tmp_path: Path, header: str) -> None:
    [ready], _ = collected(
        written(tmp_path / "o.csv", f"order,date,qty,price,{header}\nS-4,2026-02-01,2,3.00,ann\n")
    )
    assert ready.request.order.seller == "users/ann"


def test_an_order_is_not_refused_for_who_sold_it(tmp_path: Path) -> None:
    path = written(
        tmp_path / "o.csv",
        "order,date,qty,price,customer,owner\n"
        "S-4,2026-02-01,2,3.00,KIM,Sarah Moss\nS-4,2026-02-01,1,3.00,KIM,Sarah Moss\n"
        "S-5,2026-02-01,2,3.00,KIM,ann\nS-5,2026-02-01,1,3.00,KIM,Sarah Moss\n",
    )
    [order], refusals = collected(path)
    assert order.request.order.seller == ""
    assert [(each.line, each.value) for each in refusals.cells()] == [(2, "Sarah Moss")]
    assert refusals.reasons[5] == "seller Sarah Moss where the order began with users/ann"
    assert surveyed(path)[0].customers["kim"].customer.owner == ""


def test_a_name_without_a_key_is_told_beside_its_walk_in(tmp_path: Path) -> None:
    path = written(
        tmp_path / "o.csv",
        "order,date,qty,price,customer,customer_name\n"
        "W-1,2026-02-01,1,10.00,,Kim Sand\nW-2,2026-02-01,1,10.00,LEE,Lee Berg\n"
        "W-3,2026-02-01,1,10.00,,\n",
    )
    ready, refusals = collected(path)
    assert [order.request.order.customer for order in ready] == ["", "customers/lee", ""]
    assert [(each.line, each.field, each.value) for each in refusals.cells()] == [
        (2, "customer_name", "Kim Sand")
    ]
