"""Whom and what a file of order lines names, before any of its orders is made."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from protovalidate import validate

from tests.support.imports import collected, surveyed, written

HEADER = "invoice,stock_code,description,quantity,invoice_time,unit_price,customer_id,country\n"


def test_a_customer_is_first_seen_with_their_first_order(tmp_path: Path) -> None:
    found, _, _ = surveyed(
        written(
            tmp_path / "o.csv",
            HEADER
            + "2,A,Lantern,6,2011-03-01 08:26:00,2.55,17850,UK\n"
            + "1,A,Lantern,6,2010-12-01 08:26:00,2.55,17850.0,France\n",
        )
    )
    [customer] = [request.customer for request in found.customers.values()]
    assert customer.first_seen_time.ToJsonString() == "2010-12-01T08:26:00Z"
    assert customer.region == "UK"


def test_of_two_times_within_a_second_the_earlier_one_counts(tmp_path: Path) -> None:
    path = written(
        tmp_path / "o.csv",
        HEADER
        + "2,A,Lantern,6,2010-12-01 08:26:00.75,2.55,17850,UK\n"
        + "1,A,Lantern,6,2010-12-01 08:26:00.5,2.55,17850,UK\n"
        + "1,B,Heart,6,2010-12-01 08:26:00.25,2.55,17850,UK\n",
    )
    [customer] = [request.customer for request in surveyed(path)[0].customers.values()]
    assert customer.first_seen_time.ToJsonString() == "2010-12-01T08:26:00.500Z"
    times = [each.request.order.order_time.ToJsonString() for each in collected(path)[0]]
    assert times == ["2010-12-01T08:26:00.750Z", "2010-12-01T08:26:00.250Z"]


def test_where_no_earliest_day_is_known_any_day_is_possible(tmp_path: Path) -> None:
    rows = "S-1,0001-01-02,1,10.00,KIM\nS-2,9999-12-30,1,10.00,LEE\n"
    path = written(tmp_path / "o.csv", f"order,date,qty,price,customer\n{rows}")
    assert list(surveyed(path)[0].customers) == ["kim", "lee"]


def test_an_order_of_an_impossible_day_says_nothing_of_its_customer(tmp_path: Path) -> None:
    path = written(
        tmp_path / "o.csv",
        "order,date,qty,price,customer\n"
        "S-1,0203-04-05,1,10.00,KIM\nS-2,1899-12-31,1,10.00,KIM\n"
        "S-3,2026-04-05,1,10.00,KIM\nS-4,2026-03-05,1,10.00,KIM\n"
        "S-5,2062-04-05,1,10.00,LEE\n",
    )
    possible = range(int(datetime(2026, 5, 1, tzinfo=UTC).timestamp()))
    found, _, _ = surveyed(path, possible_seconds=possible)
    assert list(found.customers) == ["kim"]
    first_seen = found.customers["kim"].customer.first_seen_time
    assert first_seen.ToDatetime(UTC) == datetime(2026, 3, 5, tzinfo=UTC)


def test_a_key_that_a_program_wrote_with_decimals_is_told_without(tmp_path: Path) -> None:
    path = written(
        tmp_path / "o.csv", "order,date,qty,price,customer,sku\n7.0,2026-02-01,1,1,88017.0,12.0\n"
    )
    found, _, _ = surveyed(path)
    assert found.customers["88017"].customer.display_name == "Customer 88017"
    assert found.products["12"].product.sku == "12"
    [order], _ = collected(path)
    assert (order.request.order_id, order.request.order.reference) == ("7", "7")


def test_a_product_is_named_by_the_first_description_that_is_given(tmp_path: Path) -> None:
    found, _, _ = surveyed(
        written(
            tmp_path / "o.csv",
            HEADER
            + "1,A,,6,2010-12-01 08:26:00,2.55,,UK\n"
            + "1,B,,6,2010-12-01 08:26:00,2.55,,UK\n"
            + "2,A,Lantern,6,2010-12-02 08:26:00,2.55,,UK\n"
            + "3,A,Lamp,6,2010-12-03 08:26:00,2.55,,UK\n",
        )
    )
    names = {key: request.product.display_name for key, request in found.products.items()}
    assert names == {"a": "Lantern", "b": "B"}


def test_a_product_of_a_file_is_for_sale(tmp_path: Path) -> None:
    path = written(tmp_path / "o.csv", HEADER + "1,A,Lantern,6,2010-12-01 08:26:00,2.55,,UK\n")
    found, _, _ = surveyed(path)
    assert [request.product.active for request in found.products.values()] == [True]


def test_a_customer_has_the_first_name_and_region_that_are_given_and_no_owner(
    tmp_path: Path,
) -> None:
    path = written(
        tmp_path / "o.csv",
        "order,date,customer,customer_name,region,seller,qty,price\n"
        "N-1,2026-10-01,KIM,,,rita,1,10\nN-2,2026-10-02,kim,Kim Sand,,tom,1,10\n"
        "N-3,2026-10-03,KIM,,North,tom,1,10\nN-4,2026-10-04,KIM,Kim Sand,South,tom,1,10\n",
    )
    found, _, _ = surveyed(path)
    customer = found.customers["kim"].customer
    assert (customer.display_name, customer.region, customer.owner) == ("Kim Sand", "North", "")
    assert customer.first_seen_time.ToDatetime(UTC) == datetime(2026, 10, 1, tzinfo=UTC)


def test_what_is_too_long_for_a_name_or_a_region_is_told_and_refuses_nobody(
    tmp_path: Path,
) -> None:
    long = "Pump\nnote " + "note " * 50
    path = written(
        tmp_path / "o.csv",
        "order,date,qty,price,customer,customer_name,region,sku,description\n"
        f'L-1,2026-02-01,1,5,KIM,{"Kim" * 70},{"North" * 30},PUMP,"{long}"\n'
        "L-2,2026-02-01,1,5,KIM,,South,PUMP,Pump\n",
    )
    ready, refusals = collected(path)
    assert [order.request.order.lines[0].description for order in ready] == [long.strip(), "Pump"]
    assert [(each.line, each.field) for each in refusals.cells()] == [
        (2, "customer_name"),
        (2, "region"),
        (2, "description"),
    ]
    found, _, _ = surveyed(path)
    product, customer = found.products["pump"].product, found.customers["kim"].customer
    assert product.display_name.startswith("Pump\nnote note")
    assert product.display_name.endswith("…")
    assert customer.display_name == "Kim" * 66 + "K…"
    assert customer.region == "South"
    validate(product)
    validate(customer)


@pytest.mark.parametrize(
    ("row", "spoiled"),
    [
        # Of a cell too many or too few it stands at most that many beside its place.
        ("2026-02-01,R-1,1,7,50,R-2", {"r-1"}),
        ("2026-02-01,note,R-1,1,7,R-2", {"r-1"}),
        ("R-1,1,7.50,R-2", {"r-1"}),
        ("R-2,2026-02-01,note,R-1,1,7,R-3", {"r-1"}),
        ("2026-02-01,note,note,note,note,R-1,7,R-3", set()),
    ],
)
def test_a_row_that_does_not_fit_spoils_the_orders_it_may_belong_to_and_no_other(
    tmp_path: Path, row: str, spoiled: set[str]
) -> None:
    good = "".join(f"2026-02-01,R-{number},1,5.00,KIM\n" for number in (1, 3, 2))
    path = written(tmp_path / "o.csv", f"date,order,qty,price,customer\n{good}{row}\n")
    found, _, _ = surveyed(path)
    assert found.spoiled.keys() & {"r-1", "r-2", "r-3"} == spoiled
