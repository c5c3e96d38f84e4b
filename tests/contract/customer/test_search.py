"""SearchCustomers: who is found by what is typed, in which order, and what is said of it."""

from __future__ import annotations

import pytest
from google.protobuf.field_mask_pb2 import FieldMask
from guanxi.customer.v1.customers_pb2 import (
    EMAIL,
    Customer,
    DeleteCustomerRequest,
    UndeleteCustomerRequest,
    UpdateCustomerRequest,
    UpsertCustomerRequest,
)
from guanxi.customer.v1.search_pb2 import SearchCustomersRequest, SearchResult

from tests.support.contact_points import emails, phones
from tests.support.in_turn import in_turn
from tests.support.office import Desk, Office
from tests.support.refusals import refusal
from tests.support.searches import create_all, find, found_by


@pytest.fixture
async def company(desk: Desk) -> Desk:
    """A desk of a company with some customers."""
    await desk.create(
        "nordlicht",
        "Nordlicht Trading GmbH",
        kind=Customer.ORGANIZATION,
        owner="users/kim",
        phones=phones("+44 20 7946 0018"),
        emails=emails("Buying@nordlicht.example"),
        external_ids={"shop": "C-1042"},
    )
    await desk.create("zhang", "张伟明", phones=phones("+86 138 1234 5678"))
    await desk.create("shan", "單雄信", given_name="雄信", family_name="單")
    await desk.create("maoyi", "上海贸易有限公司", kind=Customer.ORGANIZATION)
    await desk.create("coffee", "Café Größe")
    return desk


@in_turn(
    ("typed", "expected", "field", "text"),
    [
        ("nord", "nordlicht", SearchResult.NAME, "Nordlicht Trading GmbH"),
        ("ordli", "nordlicht", SearchResult.NAME, "Nordlicht Trading GmbH"),
        ("gmbh TRAD", "nordlicht", SearchResult.NAME, "Nordlicht Trading GmbH"),
        ("cafe", "coffee", SearchResult.NAME, "Café Größe"),
        ("ＧＲＯＳＳＥ", "coffee", SearchResult.NAME, "Café Größe"),
        ("伟明", "zhang", SearchResult.NAME, "张伟明"),
        ("張", "zhang", SearchResult.NAME, "张伟明"),
        ("单雄", "shan", SearchResult.NAME, "單雄信"),
        ("贸易 上海", "maoyi", SearchResult.NAME, "上海贸易有限公司"),
        ("zhangweiming", "zhang", SearchResult.PINYIN, "zhang wei ming"),
        ("zhang wei", "zhang", SearchResult.PINYIN, "zhang wei ming"),
        ("zwm", "zhang", SearchResult.PINYIN, ""),
        ("shanxiong", "shan", SearchResult.PINYIN, "shan xiong xin"),
        ("danxiong", "shan", SearchResult.PINYIN, "dan xiong xin"),
        ("0018", "nordlicht", SearchResult.PHONE, "+44 20 7946 0018"),
        ("020 7946", "nordlicht", SearchResult.PHONE, "+44 20 7946 0018"),
        ("13812345678", "zhang", SearchResult.PHONE, "+86 138 1234 5678"),
        ("buying@", "nordlicht", SearchResult.EMAIL, "Buying@nordlicht.example"),
        ("example", "nordlicht", SearchResult.EMAIL, "Buying@nordlicht.example"),
        ("c-1042", "nordlicht", SearchResult.EXTERNAL_ID, "C-1042"),
        ("maoyi", "maoyi", SearchResult.ID, "customers/maoyi"),
        ("customers/coffee", "coffee", SearchResult.ID, "customers/coffee"),
    ],
)
async def test_a_customer_is_found_by_whatever_is_known_of_them(
    company: Desk, typed: str, expected: str, field: int, text: str
) -> None:
    first = (await find(company, typed))[0]
    assert first.customer == f"customers/{expected}"
    assert (int(first.matched_field), first.matched_text) == (field, text)


@in_turn("typed", ["nord zhang", "süd", "明伟", "angwei", "18", "ordli gmbx"])
async def test_what_nobody_has_finds_nobody(company: Desk, typed: str) -> None:
    assert await found_by(company, typed) == []


async def test_a_result_says_who_it_is_and_whose(company: Desk) -> None:
    (result,) = await find(company, "nordl")
    assert (result.display_name, result.kind, result.owner) == (
        "Nordlicht Trading GmbH",
        Customer.ORGANIZATION,
        "users/kim",
    )


async def test_the_better_match_comes_first_and_of_equal_ones_who_changed_last(
    office: Office, desk: Desk
) -> None:
    await create_all(desk, {"within": "Berlin", "word": "Ann Linde", "old": "Lindau"})
    office.clock.move(minutes=1)
    await create_all(desk, {"begins": "Linde AG", "exact": "Lin"})
    await desk.create("lin", "Somebody")
    assert await found_by(desk, "lin") == ["lin", "exact", "begins", "old", "word", "within"]
    office.clock.move(minutes=1)
    await desk.customers.UpdateCustomer(
        UpdateCustomerRequest(customer=Customer(name="customers/old", region="North"))
    )
    assert (await found_by(desk, "lin"))[2:4] == ["old", "begins"]


async def test_ten_are_shown_if_nothing_is_said_and_never_more_than_fifty(desk: Desk) -> None:
    await create_all(desk, {f"n-{number}": f"Nord {number}" for number in range(60)})
    assert [len(await find(desk, "nord", size)) for size in (0, 3, 50, 1_000)] == [10, 3, 50, 50]


async def test_a_changed_customer_is_found_by_what_they_are_now(company: Desk) -> None:
    changed = Customer(name="customers/nordlicht", display_name="Südwind", emails=emails("a@b.co"))
    await company.customers.UpdateCustomer(
        UpdateCustomerRequest(
            customer=changed, update_mask=FieldMask(paths=["display_name", "emails"])
        )
    )
    assert await found_by(company, "ordli") == []
    assert await found_by(company, "buying") == []
    assert await found_by(company, "sudwind") == ["nordlicht"]
    assert await found_by(company, "a@b.co") == ["nordlicht"]


async def test_what_an_upsert_adds_is_found(company: Desk) -> None:
    for address, said in (("buying@nordlicht.example", "+44 20 7946 0555"), ("new@x.co", "")):
        customer = Customer(display_name="Nordlicht Trading GmbH", emails=emails(address))
        if said:
            customer.phones.extend(phones(said))
        await company.customers.UpsertCustomer(
            UpsertCustomerRequest(customer=customer, match_by=[EMAIL], customer_id="upserted")
        )
    assert await found_by(company, "0555") == ["nordlicht"]
    assert await found_by(company, "new@x.co") == ["upserted"]


async def test_a_deleted_customer_is_found_once_they_are_back(company: Desk) -> None:
    name = "customers/nordlicht"
    await company.customers.DeleteCustomer(DeleteCustomerRequest(name=name))
    for typed in ("nordl", "nordlicht", "c-1042", "0018", name):
        assert await found_by(company, typed) == []
    await company.customers.UndeleteCustomer(UndeleteCustomerRequest(name=name))
    assert await found_by(company, "nordl") == ["nordlicht"]


@in_turn(
    ("query", "reason"),
    [
        ("a", "QUERY_TOO_SHORT"),
        ("--", "QUERY_TOO_SHORT"),
        ("a " * 20 + " ".join(f"w{number}" for number in range(13)), "QUERY_TOO_MANY_WORDS"),
        ("", "VALIDATION_FAILED"),
        ("x" * 201, "VALIDATION_FAILED"),
    ],
)
async def test_a_query_that_says_too_little_or_too_much_is_refused(
    company: Desk, query: str, reason: str
) -> None:
    call = company.search.SearchCustomers(SearchCustomersRequest(query=query))
    error = await refusal(call)
    assert (error.reason, [each.field for each in error.violations]) == (reason, ["query"])


async def test_hostile_text_is_found_as_it_is_written(desk: Desk) -> None:
    names = {
        "quote": "100% Robert'); DROP_TABLE",
        "bidi": "\u202eevil שלום",
        "emoji": "🦊 Fox\tDen\nX",
    }
    await create_all(desk, names)
    assert await found_by(desk, "100% Robert'); drop_table") == ["quote"]
    assert await found_by(desk, "שלום") == ["bidi"]
    (fox,) = await find(desk, "fox den")
    assert fox.display_name == names["emoji"]
    assert await found_by(desk, "dr_p") == []
