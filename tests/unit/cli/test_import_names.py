"""One key with several names in a file of orders: told where it may be one customer, and refused
where it looks like two."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.imports import collected, surveyed, written

HEADER = "order,date,customer,customer_name,qty,price\n"


def _rows(first: str, second: str) -> str:
    return (
        f"S-1,2026-10-01,17,{first},1,10.00\nS-2,2026-10-02,17,,1,10.00\n"
        f"S-3,2026-10-03,17.0,{second},1,10.00\nS-4,2026-10-04,LEE,Lee Berg,1,10.00\n"
    )


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("Alice Shop", "Bob Bar"),
        ("Maria Lopez", "Jose Garcia"),
        ("张伟", "李娜"),
        ("abcde", "abxyz"),
        ("Alpha GmbH", "Beta GmbH"),
        ("Alpha Ltd.", "Omega Ltd."),
        ("Alpha S.A.", "Omega S.A."),
        ("Dr. Ost", "Dr. West"),
        ("A. Ost", "A. Berg"),
        ("Jan van Dyk", "Piet van Tol"),
        ("Ost und Berg KG", "Vogt und Thal KG"),
        ("北京科技有限公司", "上海贸易有限公司"),
        ("上海贸易有限公司", "北京贸易有限公司"),
        ("张伟", "王伟"),
        ("张伟先生", "王芳先生"),
        ("タナカ株式会社", "スズキ株式会社"),
    ],
)
def test_orders_of_a_key_with_two_names_are_refused_unless_the_names_may_differ(
    tmp_path: Path, first: str, second: str
) -> None:
    path = written(tmp_path / "o.csv", HEADER + _rows(first, second))
    ready, refusals = collected(path)
    assert [order.request.order_id for order in ready] == ["s-4"]
    assert sorted(refusals.reasons) == [2, 3, 4]
    assert f"customer '17' is {first!r} on line 2 and {second!r} on line 4" in refusals.reasons[4]
    assert list(surveyed(path)[0].customers) == ["lee"]
    ready, refusals = collected(path, names_may_differ=True)
    assert len(ready) == 4
    assert [(each.line, each.value) for each in refusals.cells()] == [(4, second)]
    found, _, _ = surveyed(path, names_may_differ=True)
    assert found.customers["17"].customer.display_name == first


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("Anna Meier", "Anna Schmidt"),
        ("Müller", "Mueller"),
        ("Adler GmbH", "Gasthof Adler"),
        ("张伟", "张伟（上海）"),
        ("张伟", "张伟明"),
        ("华为", "华为技术有限公司"),
        ("Alpha GmbH", "Alpha AG"),
        ("Dr. Ost", "Frau Ost"),
        ("The Company", "The Company Ltd"),
        ("abcde", "abcxy"),  # three fifths of it, in order
    ],
)
def test_a_customer_who_was_renamed_keeps_the_first_name_and_is_told(
    tmp_path: Path, first: str, second: str
) -> None:
    path = written(tmp_path / "o.csv", HEADER + _rows(first, second))
    ready, refusals = collected(path)
    assert len(ready) == 4
    [told] = refusals.cells()
    assert told == (4, "customer_name", second, f"customer '17' is {first!r} on line 2")


def test_another_spelling_of_a_name_is_the_name(tmp_path: Path) -> None:
    path = written(tmp_path / "o.csv", HEADER + _rows("Kim  Sand", "KIM SAND"))
    ready, refusals = collected(path)
    assert len(ready) == 4
    assert not refusals.cells()
