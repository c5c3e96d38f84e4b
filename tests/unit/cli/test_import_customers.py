"""Rows of customers and of touchpoints: names joined, what is no phone number left out, and the
same row the same thing in every export."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from guanxi.customer.v1.customers_pb2 import CreateCustomerRequest, Customer
from guanxi.customer.v1.touchpoints_pb2 import LogTouchpointRequest, Touchpoint

from services.chassis.timestamps import to_timestamp
from tests.support.imports import (
    WITH_CASE,
    customers_of,
    opened,
    touchpoint_ids,
    touchpoints_of,
    written,
)


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
        ["+86 138 0000 1111"],
        ["021-6355转88"],
        ["０３０ ９０１８２２"],
    ]
    [left_out] = refusals.left_out
    assert (left_out.line, left_out.field, left_out.value) == (5, "phones", "see website")


@pytest.mark.parametrize(
    ("cell", "numbers"),
    [
        ("020 7946 0100, 020 7946 0101", ["020 7946 0100", "020 7946 0101"]),
        ("020 7946 0100;020 7946 0101", ["020 7946 0100", "020 7946 0101"]),
        ("020 7946 0100 / +44 20 7946 0101", ["020 7946 0100", "+44 20 7946 0101"]),
        ("020 7946 0100 ::: (020) 79460101", ["020 7946 0100", "(020) 79460101"]),
        ("1234567/7654321,０３０９０１８２２", ["1234567", "7654321", "０３０９０１８２２"]),
        ("020 7946 0102 / 0103", ["020 7946 0102 / 0103"]),
        ("0711/1234567", ["0711/1234567"]),
        ("0711/1234567, 089/7654321", ["0711/1234567", "089/7654321"]),
        ("+1 212 555 0123,,45", ["+1 212 555 0123,,45"]),
        ("030 901820, ext 7", ["030 901820, ext 7"]),
        ("447911123456.0", ["447911123456"]),
        ("+447911123456.0", ["+447911123456"]),
        ("tel:+447911123456", ["+447911123456"]),
        ("0049.30.901820", ["0049.30.901820"]),
    ],
)
def test_each_number_of_a_cell_is_one(tmp_path: Path, cell: str, numbers: list[str]) -> None:
    [new], refusals = customers_of(written(tmp_path / "c.csv", f'name,phone\nAnn,"{cell}"\n'))
    assert list(new.request.customer.phones) == numbers
    assert not refusals.left_out


def test_numbers_of_several_columns_are_one_list(tmp_path: Path) -> None:
    text = "name,phone,mobile,fax\nAnn,030 901820,0171 901821;0171 901822,1\nBo,,0171 901823,NULL\n"
    path = written(tmp_path / "c.csv", text)
    assignments = ("phones=phone", "phones=mobile", "phones=fax")
    new, refusals = customers_of(path, assignments=assignments)
    assert [list(each.request.customer.phones) for each in new] == [
        ["030 901820", "0171 901821", "0171 901822"],
        ["0171 901823"],
    ]
    assert [each.value for each in refusals.left_out] == ["1"]


@pytest.mark.parametrize("cell", ["4.9E+12", "+4.91511E+12", "4,479e+11"])
def test_a_number_that_was_shortened_is_none(tmp_path: Path, cell: str) -> None:
    path = written(tmp_path / "c.csv", f'name,phone\nAnn,"{cell};030 901820"\n')
    [new], refusals = customers_of(path)
    assert list(new.request.customer.phones) == ["030 901820"]
    assert [each.value for each in refusals.left_out] == [cell]
    assert "shortened by a spreadsheet" in refusals.left_out[0].reason


@pytest.mark.parametrize("cell", ["mailto:ann@x.example", "MailTo: ann@x.example"])
def test_an_address_is_taken_out_of_its_link(tmp_path: Path, cell: str) -> None:
    [new], _ = customers_of(written(tmp_path / "c.csv", f"name,email\nAnn,{cell}\n"))
    assert list(new.request.customer.emails) == ["ann@x.example"]


def test_at_most_twenty_numbers_are_kept(tmp_path: Path) -> None:
    cell = ";".join(f"030 9018{n}" for n in range(10, 32))
    [new], refusals = customers_of(written(tmp_path / "c.csv", f"name,phone\nAnn,{cell}\n"))
    assert len(new.request.customer.phones) == 20
    assert [each.value for each in refusals.left_out] == ["030 901830", "030 901831"]


def test_an_address_that_is_none_is_left_out_likewise(tmp_path: Path) -> None:
    path = written(
        tmp_path / "c.csv", 'name,email\nAnn,"ann@x.example, kai@grün.example"\nBo,bo at x\n'
    )
    new, refusals = customers_of(path)
    assert list(new[0].request.customer.emails) == ["ann@x.example", "kai@grün.example"]
    assert [each.value for each in refusals.left_out] == ["bo at x"]


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
        customer_id="1", customer=Customer(display_name="Ann", phones=["030 901820"])
    )
    [left_out] = refusals.cells()
    assert (left_out.line, left_out.field, left_out.value) == (2, column, value)
    assert reason in left_out.reason
    assert left_out.reason.endswith("the customer went in without it")


@pytest.mark.parametrize("text", ["ann", "ANN", "users/ann", " Ann "])
def test_who_owns_a_customer_is_read_in_any_spelling(tmp_path: Path, text: str) -> None:
    [new], _ = customers_of(written(tmp_path / "c.csv", f"name,owner\nBo,{text}\n"))
    assert new.request.customer.owner == "users/ann"


def test_who_touched_a_customer_is_never_guessed(tmp_path: Path) -> None:
    text = "customer,type,time,actor\n1,call,2026-01-01,Sarah Moss\n"
    requests, refusals = touchpoints_of(written(tmp_path / "t.csv", text))
    assert not requests
    assert "actor 'Sarah Moss' is no id in users" in refusals.reasons[2]


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
    rows = "".join(f"Ann,{number}\n" for number in numbers)
    new, _ = customers_of(written(tmp_path / "c.csv", "name,phone\n" + rows))
    first, *same, other = (each.request.customer_id for each in new)
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


@pytest.mark.parametrize(
    "other",
    [
        "T1,Call,2026-03-03 10:00:00,9.0,Price;delivery,Trade-Event,CUP;BOWL\n",
        "t1,CALL,2026-03-03T18:00+08:00,9,PRICE; DELIVERY,trade event,cup;bowl\n",
        " T1,call,2026-03-03T10:00Z,9.00,price\u200b;delivery,TRADE_EVENT,cup; BOWL\n",
    ],
)
def test_a_touchpoint_is_what_is_read_of_its_cells_however_they_are_written(
    tmp_path: Path, other: str
) -> None:
    header = "customer,type,time,minutes,topics,channel,products\n"
    row = "T1,call,2026-03-03 10:00,9,price;delivery,trade_event,cup;bowl\n"
    one = written(tmp_path / "1.csv", header + row)
    assert touchpoint_ids(one) == touchpoint_ids(written(tmp_path / "2.csv", header + other))


def test_a_column_that_says_something_makes_another_touchpoint(tmp_path: Path) -> None:
    one = written(tmp_path / "1.csv", "customer,type,time\nKIM,call,2026-01-01\n")
    two = written(tmp_path / "2.csv", "customer,type,time,outcome\nKIM,call,2026-01-01,won\n")
    assert touchpoint_ids(one) != touchpoint_ids(two)


def test_a_touchpoint_goes_in_with_everything_its_row_says(tmp_path: Path) -> None:
    path = written(
        tmp_path / "t.csv",
        "customer,type,time,id,channel,channel_detail,direction,subject,content,topics,products,"
        "minutes,outcome,actor\n"
        "7,call,2026-01-02T03:04:05.678901+08:00,T1,trade event,fair,inbound,Hello,Long,"
        "price;delivery,A;B,12,won,ann\n",
    )
    [request], refusals = touchpoints_of(path)
    assert not refusals.reasons
    assert request == LogTouchpointRequest(
        parent="customers/7",
        touchpoint_id="t1",
        touchpoint=Touchpoint(
            type=Touchpoint.CALL,
            touch_time=to_timestamp(datetime(2026, 1, 1, 19, 4, 5, 678_901, tzinfo=UTC)),
            channel=Touchpoint.TRADE_EVENT,
            channel_detail="fair",
            direction=Touchpoint.INBOUND,
            subject="Hello",
            content="Long",
            topics=[Touchpoint.PRICE, Touchpoint.DELIVERY],
            products_of_concern=["products/a", "products/b"],
            duration_minutes=12,
            outcome="won",
            actor="users/ann",
        ),
    )


@pytest.mark.parametrize(
    ("time", "why"),
    [("", "touch_time is empty"), ("NULL", "touch_time is empty"), ("soon", "'soon' is not like")],
)
def test_a_touchpoint_without_a_time_is_refused(tmp_path: Path, time: str, why: str) -> None:
    path = written(tmp_path / "t.csv", f"customer,type,time\n1,call,{time}\n2,call,2026-01-01\n")
    [request], refusals = touchpoints_of(path)
    assert request.parent == "customers/2"
    assert why in refusals.reasons[2]
