"""Words for no customer and no company are nobody's key, name or organization."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.imports import collected, customers_of, surveyed, touchpoints_of, written

ORDERS = "order,date,qty,price,customer,customer_name\n"
TOLD = "stands for nobody in particular"


@pytest.mark.parametrize(
    "key", ["guest", "Guest", "GUEST CHECKOUT", "<unknown>", "n.a.", "Gast", "k. A.", "散客"]
)
def test_orders_of_a_word_for_no_customer_are_walk_ins_and_told(tmp_path: Path, key: str) -> None:
    rows = f"A-1,2026-01-05,1,10.00,{key},\nA-2,2026-01-05,1,10.00,17,\n"
    path = written(tmp_path / "o.csv", ORDERS + rows)
    ready, refusals = collected(path)
    assert [each.request.order.customer for each in ready] == ["", "customers/17"]
    assert list(surveyed(path)[0].customers) == ["17"]
    assert refusals.cells() == [(2, "customer", key, f"{TOLD}: the order went in as a walk-in")]


def test_a_dash_is_no_customer_either(tmp_path: Path) -> None:
    path = written(tmp_path / "o.csv", ORDERS + "A-1,2026-01-05,1,10.00,-,-\n")
    [ready], refusals = collected(path)
    assert ready.request.order.customer == ""
    assert not refusals.left_out


def test_the_key_of_all_guests_is_asked_about(tmp_path: Path) -> None:
    rows = "A-1,2026-01-05,1,10.00,0,\nA-2,2026-01-05,1,10.00,0.0,\nA-3,2026-01-05,1,10.00,17,\n"
    path = written(tmp_path / "o.csv", ORDERS + rows)
    ready, refusals = collected(path)
    assert [each.request.order_id for each in ready] == ["a-3"]
    assert sorted(refusals.reasons) == [2, 3]
    assert "customer '0' is the key that shops give all guests" in refusals.reasons[2]
    assert len(collected(path, names_may_differ=True)[0]) == 3


def test_a_word_for_nobody_is_no_name_of_a_key(tmp_path: Path) -> None:
    rows = "A-1,2026-01-05,1,10.00,17,Guest\nA-2,2026-01-05,1,10.00,17,Ann Berg\n"
    path = written(tmp_path / "o.csv", ORDERS + rows)
    ready, refusals = collected(path)
    assert len(ready) == 2
    assert refusals.cells() == [(2, "customer_name", "Guest", TOLD)]
    assert surveyed(path)[0].customers["17"].customer.display_name == "Ann Berg"


@pytest.mark.parametrize("company", ["private", "n.a.", "Privat", "self-employed", "个人"])
def test_a_word_for_no_company_is_none_and_told(tmp_path: Path, company: str) -> None:
    path = written(tmp_path / "c.csv", f"id,name,company\n1,Ann,{company}\n2,Bob,-\n")
    new, refusals = customers_of(path)
    assert [each.company for each in new] == ["", ""]
    assert refusals.cells() == [(2, "company", company, f"{TOLD}: the customer went in without it")]


def test_nobody_is_no_customer(tmp_path: Path) -> None:
    rows = "1,-,\n2,unknown,\nguest,Ann,\n4,Guest,Berg Ltd\n5,Private Ltd,\n6,Ann Guest,\n"
    new, refusals = customers_of(written(tmp_path / "c.csv", "id,name,company\n" + rows))
    assert refusals.reasons == {2: "name is empty", 3: f"name 'unknown' {TOLD}"}
    assert [each.request.customer.display_name for each in new] == [
        *("Ann", "Berg Ltd", "Private Ltd", "Ann Guest")
    ]
    assert new[0].request.customer_id.startswith("c-")
    assert [each[:3] for each in refusals.cells()] == [
        (4, "customer", "guest"),
        (5, "name", "Guest"),
    ]


def test_a_touchpoint_of_nobody_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path / "t.csv", "customer,type,date\nguest,call,2026-01-05\n")
    _, refusals = touchpoints_of(path)
    assert refusals.reasons == {2: f"customer 'guest' {TOLD}"}
