"""Rows of customers: names joined, what a customer can be without left out, and the same row the
same customer in every export."""

from __future__ import annotations

from pathlib import Path

import pytest
from guanxi.customer.v1.customers_pb2 import CreateCustomerRequest, Customer

from tests.support.contact_points import phones
from tests.support.imports import (
    WITH_CASE,
    customers_of,
    opened,
    touchpoints_of,
    written,
)


def test_what_was_left_out_is_told_in_a_file(tmp_path: Path) -> None:
    path = written(tmp_path / "c.csv", "name,phone\nAnn,ask\n")
    _, refusals = customers_of(path)
    refusals.write_cells(opened(path), tmp_path / "cells.csv")
    assert (tmp_path / "cells.csv").read_text("utf-8-sig").splitlines() == [
        "line,field,value,reason",
        "2,phones,ask,no phone number: the customer went in without it",
    ]


@pytest.mark.parametrize(
    ("column", "value", "reason"),
    [
        ("owner", "Sarah Moss", "owner 'Sarah Moss' is no id in users such as"),
        ("owner", "ann@x.example", "is no id in users"),
        ("team", "North & West", "team 'North & West' is no id in teams"),
        ("kind", "Firma", "kind 'Firma' is none of"),
        ("lifecycle_stage", "hot", "lifecycle stage 'hot' is none of"),
    ],
)
def test_what_a_customer_can_be_without_does_not_refuse_them(
    tmp_path: Path, column: str, value: str, reason: str
) -> None:
    path = written(tmp_path / "c.csv", f"id,name,phone,{column}\n1,Ann,030 901820,{value}\n")
    [new], refusals = customers_of(path)
    assert new.request == CreateCustomerRequest(
        customer_id="1", customer=Customer(display_name="Ann", phones=phones("030 901820"))
    )
    [left_out] = refusals.cells()
    assert (left_out.line, left_out.field, left_out.value) == (2, column, value)
    assert reason in left_out.reason
    assert left_out.reason.endswith("the customer went in without it")


@pytest.mark.parametrize("text", ["ann", "ANN", "users/ann", " Ann "])
def test_who_owns_a_customer_is_read_in_any_spelling(tmp_path: Path, text: str) -> None:
    [new], _ = customers_of(written(tmp_path / "c.csv", f"name,owner\nBo,{text}\n"))
    assert new.request.customer.owner == "users/ann"


def test_what_is_left_out_of_a_refused_row_is_told_with_the_row(tmp_path: Path) -> None:
    path = written(tmp_path / "c.csv", "name,phone,since\nAnn,ask,soon\nBo,ask,\n")
    _, refusals = customers_of(path)
    assert list(refusals.reasons) == [2]
    assert [each.line for each in refusals.cells()] == [3]


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


@pytest.mark.parametrize(
    "second", ["ＡＮＮ,ann@x.example", " ann , ANN@x.example", "An\u200bn,ann@x.example"]
)
def test_a_row_without_a_key_is_the_same_customer_in_every_spelling(
    tmp_path: Path, second: str
) -> None:
    new, _ = customers_of(written(tmp_path / "c.csv", f"name,email\nAnn,ann@x.example\n{second}\n"))
    assert len({each.request.customer_id for each in new}) == 1


TWO_IN_CASE = "001Ab000001xYzA,Maple Dental\n001AB000001xYza,Cedar Freight\n"


def test_two_customers_whose_keys_differ_only_in_case_are_never_made_one(tmp_path: Path) -> None:
    path = written(tmp_path / "c.csv", f"Id,Name\n{TWO_IN_CASE}7,Ann\n")
    new, refusals = customers_of(path)
    assert [each.request.customer_id for each in new] == ["7"]
    assert sorted(refusals.reasons) == [2, 3]
    assert "'001Ab000001xYzA' and '001AB000001xYza' differ only in case" in refusals.reasons[2]
    assert "--keys-with-case" in refusals.reasons[3]


def test_they_are_two_customers_if_the_user_says_so(tmp_path: Path) -> None:
    path = written(tmp_path / "c.csv", f"Id,Name\n{TWO_IN_CASE}")
    new, refusals = customers_of(path, style=WITH_CASE)
    assert not refusals.reasons
    assert len({each.request.customer_id for each in new}) == 2


def test_touchpoints_of_such_customers_are_refused_or_each_ones_own(tmp_path: Path) -> None:
    rows = TWO_IN_CASE.replace("Maple Dental", "call").replace("Cedar Freight", "call")
    text = "customer,type,time\n" + rows.replace("call\n", "call,2026-01-01\n")
    path = written(tmp_path / "t.csv", f"{text}7,call,2026-01-01\n")
    requests, refusals = touchpoints_of(path)
    assert [each.parent for each in requests] == ["customers/7"]
    assert sorted(refusals.reasons) == [2, 3]
    requests, refusals = touchpoints_of(path, style=WITH_CASE)
    assert len({each.parent for each in requests}) == 3
    customers_path = written(tmp_path / "c.csv", f"Id,Name\n{TWO_IN_CASE}")
    new, _ = customers_of(customers_path, style=WITH_CASE)
    assert [each.parent.removeprefix("customers/") for each in requests[:2]] == [
        each.request.customer_id for each in new
    ]


def test_a_row_without_a_key_is_the_same_customer_however_the_number_is_written(
    tmp_path: Path,
) -> None:
    numbers = ("030 901820", "030-901820", "030901820.0", "０３０９０１８２０;ask", "030901821")
    identifiers = []
    for number in numbers:
        [new], _ = customers_of(written(tmp_path / "c.csv", f"name,phone\nAnn,{number}\n"))
        identifiers.append(new.request.customer_id)
    first, *same, other = identifiers
    assert set(same) == {first}
    assert other != first


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


@pytest.mark.parametrize(
    "error",
    ["#N/A", "#REF!", "#NV", "#bezug!", "#WERT!", "#ZAHL!", "#NOM?", "#NOMBRE!", "#¡REF!", "#RIF!"],
)
def test_a_spreadsheets_error_is_neither_a_key_nor_a_company(tmp_path: Path, error: str) -> None:
    text = f"id,name,company,phone\n{error},Ann,,\n2,Bo,{error},\n3,Cy,Berg,{error}\n"
    new, refusals = customers_of(written(tmp_path / "c.csv", text))
    assert [each.request.customer_id for each in new] == ["3"]
    assert refusals.reasons == {
        2: f"customer is {error}, the error of a spreadsheet",
        3: f"company is {error}, the error of a spreadsheet",
    }
    assert not refusals.left_out


def test_a_key_that_is_there_twice_is_told_by_the_line_that_has_it(tmp_path: Path) -> None:
    rows = "W-1,Max,\nW-1,Max Mayer,\nW-2,Ann,\nW-2,Ann,\n,Bo,Berg\n,Bo,Ost\n,Bo,Berg\n"
    path = written(tmp_path / "c.csv", "id,name,company\n" + rows)
    new, refusals = customers_of(path)
    assert [each.line for each in new] == [2, 4, 5, 6, 8]
    assert refusals.reasons[3].startswith(
        "line 2 has the same key, or is the same without one, and"
    )
    assert refusals.reasons[7].startswith("line 6 has the same key")
    text = (
        "customer,type,date,id\n1,call,2026-01-05,T\n1,meeting,2026-01-05,T\n2,call,2026-01-05,T\n"
    )
    requests, refusals = touchpoints_of(written(tmp_path / "t.csv", text))
    assert len(requests) == 2
    assert refusals.reasons[3].startswith("line 2 has the same key")
