"""Rows of customers and of touchpoints: names joined, what is no phone number left out, and the
same row the same thing in every export."""

from __future__ import annotations

from pathlib import Path

import pytest
from guanxi.customer.v1.customers_pb2 import Customer

from tests.support.imports import customers_of, touchpoint_ids, written


def test_a_phone_number_that_is_none_is_left_out_and_its_customer_goes_in(tmp_path: Path) -> None:
    path = written(
        tmp_path / "c.csv",
        "name,phone\n"
        'Ann,"030 901820 ext 7; \'+49 30 901821"\n'
        "Bo,+86\u00a0138\u00a00000\u00a01111\n"
        "Cy,021-6355转88\n"
        "Di,see website;０３０ ９０１８２２\n",
    )
    new, refusals = customers_of(path)
    assert not refusals.reasons
    assert [list(each.request.customer.phones) for each in new] == [
        ["030 901820 ext 7", "+49 30 901821"],
        ["+86\u00a0138\u00a00000\u00a01111"],
        ["021-6355转88"],
        ["０３０ ９０１８２２"],
    ]
    [left_out] = refusals.left_out
    assert (left_out.line, left_out.field, left_out.value) == (5, "phones", "see website")


def test_an_address_that_is_none_is_left_out_likewise(tmp_path: Path) -> None:
    path = written(
        tmp_path / "c.csv", 'name,email\nAnn,"ann@x.example, kai@grün.example"\nBo,bo at x\n'
    )
    new, refusals = customers_of(path)
    assert list(new[0].request.customer.emails) == ["ann@x.example", "kai@grün.example"]
    assert [each.value for each in refusals.left_out] == ["bo at x"]


def test_what_was_left_out_is_told_in_a_file(tmp_path: Path) -> None:
    _, refusals = customers_of(written(tmp_path / "c.csv", "name,phone\nAnn,none\n"))
    refusals.write_cells(tmp_path / "cells.csv")
    assert (tmp_path / "cells.csv").read_text("utf-8").splitlines() == [
        "line,field,value,reason",
        "2,phones,none,no phone number: the customer went in without it",
    ]


@pytest.mark.parametrize(
    ("cells", "name"),
    [("Mia,Berg,", "Mia Berg"), (",Berg,", "Berg"), ("Mia,,", "Mia"), ("伟,张,", "张伟")],
)
def test_first_and_last_name_are_joined(tmp_path: Path, cells: str, name: str) -> None:
    path = written(tmp_path / "c.csv", f"First Name,Last Name,Phone\n{cells}\n")
    [new], _ = customers_of(path)
    assert new.request.customer.display_name == name


def test_a_row_without_a_person_is_the_company(tmp_path: Path) -> None:
    path = written(
        tmp_path / "c.csv", "First Name,Last Name,Company\nMia,Berg,Berg Ltd\n,,Berg Ltd\n,,\n,x,\n"
    )
    new, refusals = customers_of(path)
    assert [(each.request.customer.display_name, each.company) for each in new] == [
        ("Mia Berg", "Berg Ltd"),
        ("Berg Ltd", ""),
        ("x", ""),
    ]
    assert new[1].request.customer.kind == Customer.ORGANIZATION
    assert not refusals.reasons


@pytest.mark.parametrize("second", ["ＡＮＮ,ann@x.example", " ann , ANN@x.example"])
def test_a_row_without_a_key_is_the_same_customer_in_every_spelling(
    tmp_path: Path, second: str
) -> None:
    new, _ = customers_of(written(tmp_path / "c.csv", f"name,email\nAnn,ann@x.example\n{second}\n"))
    assert len({each.request.customer_id for each in new}) == 1


@pytest.mark.parametrize("key", ["nan", "NULL", ""])
def test_no_value_is_no_key(tmp_path: Path, key: str) -> None:
    [new], _ = customers_of(written(tmp_path / "c.csv", f"name,id\nAnn,{key}\n"))
    assert new.request.customer_id.startswith("c-")


def test_rows_that_do_not_fit_are_refused_and_the_rest_goes_in(tmp_path: Path) -> None:
    new, refusals = customers_of(
        written(tmp_path / "c.csv", "name,id\nAnn,1\nBo,2,3\nNULL,4\nCy,5\n")
    )
    assert [each.request.customer.display_name for each in new] == ["Ann", "Cy"]
    assert sorted(refusals.reasons) == [3, 4]


def test_the_same_touchpoint_twice_in_a_file_is_two_touchpoints(tmp_path: Path) -> None:
    path = written(tmp_path / "t.csv", "customer,type,time\n1,call,2026-01-01\n1,call,2026-01-01\n")
    assert len(set(touchpoint_ids(path))) == 2


@pytest.mark.parametrize(
    "other",
    [
        "customer,type,time,exported_by\nKIM,call,2026-01-01,me\n",
        "type,customer,time\ncall,KIM,2026-01-01\n",
        "customer,type,time,outcome\n kim,call,2026-01-01,\n",
    ],
)
def test_a_column_that_says_nothing_makes_no_other_touchpoint(tmp_path: Path, other: str) -> None:
    one = written(tmp_path / "1.csv", "customer,type,time\nKIM,call,2026-01-01\n")
    assert touchpoint_ids(one) == touchpoint_ids(written(tmp_path / "2.csv", other))


def test_a_column_that_says_something_makes_another_touchpoint(tmp_path: Path) -> None:
    one = written(tmp_path / "1.csv", "customer,type,time\nKIM,call,2026-01-01\n")
    two = written(tmp_path / "2.csv", "customer,type,time,outcome\nKIM,call,2026-01-01,won\n")
    assert touchpoint_ids(one) != touchpoint_ids(two)
