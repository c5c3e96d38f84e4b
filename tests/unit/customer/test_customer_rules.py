"""What a customer may be and become."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.chassis.creation import New
from services.chassis.errors import DomainError, Kind
from services.customer.contact_points.model import EmailAddress, PhoneNumber, PostalAddress
from services.customer.customers.model import (
    Customer,
    CustomerKind,
    Draft,
    LifecycleStage,
    register,
)

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
LATER = datetime(2026, 3, 3, 9, 30, tzinfo=UTC)


def customer(**fields: Any) -> Customer:
    draft = Draft(**{"display_name": "Ann", **fields})
    new = New("customers/ann", draft)
    return register(new, owner="users/rep", team="", at=NOW, etag="1")


def changed(before: Customer, **fields: Any) -> Customer:
    draft = Draft(**{"display_name": "Ann", **fields})
    return before.change(draft, tuple(fields), at=LATER, etag="2")


def test_who_leaves_a_phone_number_or_an_email_address_is_a_lead() -> None:
    assert (
        customer(phones=(PhoneNumber("+44 20 7946 0000"),)).lifecycle_stage is LifecycleStage.LEAD
    )
    assert (
        customer(emails=(EmailAddress("ann@example.org"),)).lifecycle_stage is LifecycleStage.LEAD
    )
    assert customer().lifecycle_stage is LifecycleStage.SUBSCRIBER


def test_an_importer_may_say_how_far_the_relationship_is() -> None:
    stage = LifecycleStage.OPPORTUNITY
    assert customer(lifecycle_stage=stage).lifecycle_stage is stage


def test_a_subscriber_who_leaves_a_phone_number_later_becomes_a_lead() -> None:
    after = changed(customer(), phones=(PhoneNumber("+44 20 7946 0000"),))
    assert after.lifecycle_stage is LifecycleStage.LEAD
    assert customer().differences(after) == ("phones", "lifecycle_stage")


def test_a_customer_who_leaves_a_phone_number_stays_a_customer() -> None:
    before = customer(lifecycle_stage=LifecycleStage.CUSTOMER)
    assert (
        changed(before, phones=(PhoneNumber("+44 1"),)).lifecycle_stage is LifecycleStage.CUSTOMER
    )


def test_phones_and_emails_are_kept_as_they_were_written_beside_their_normal_forms() -> None:
    known = customer(
        phones=(PhoneNumber("(020) 7946-0000"),),
        emails=(EmailAddress("Ann.Lee@Example.ORG"),),
        country="GB",
    )
    assert known.phones == (PhoneNumber("(020) 7946-0000", None, "+442079460000"),)
    assert known.emails == (EmailAddress("Ann.Lee@Example.ORG", None, "ann.lee@example.org"),)
    assert known.phones_key == ("02079460000", "442079460000")


def test_the_country_of_an_address_goes_before_the_companys() -> None:
    at_home = (PostalAddress(locality="Bonn"), PostalAddress(region_code="DE"))
    known = customer(phones=(PhoneNumber("030 901820"),), addresses=at_home, country="GB")
    assert known.phones[0].canonical_number == "+4930901820"


def test_phones_are_read_anew_where_an_address_says_another_country() -> None:
    before = customer(phones=(PhoneNumber("030 901820"),))
    assert before.phones[0].canonical_number == ""
    after = changed(before, addresses=(PostalAddress(region_code="DE"),))
    assert after.phones[0].canonical_number == "+4930901820"
    assert before.differences(after) == ("phones", "addresses")


@pytest.mark.parametrize(
    ("given_name", "family_name", "whole"),
    [
        ("Mei", "Tanaka", "Mei Tanaka"),
        ("小明", "王", "王小明"),
        ("Ming", "王", "Ming 王"),
        ("", "Tanaka", "Tanaka"),
        ("Mei", "", "Mei"),
    ],
)
def test_a_name_is_made_of_its_parts(given_name: str, family_name: str, whole: str) -> None:
    known = customer(display_name="", given_name=given_name, family_name=family_name)
    assert known.display_name == whole


def test_a_name_that_was_made_of_its_parts_follows_them_and_one_that_was_given_stays() -> None:
    made = customer(display_name="", given_name="Mei", family_name="Tanaka")
    assert changed(made, family_name="Sato").display_name == "Mei Sato"
    given = customer(display_name="Dr. Mei", given_name="Mei", family_name="Tanaka")
    assert changed(given, family_name="Sato").display_name == "Dr. Mei"


def test_a_name_outlives_its_parts() -> None:
    made = customer(display_name="", given_name="Mei")
    assert changed(made, given_name="").display_name == "Mei"


def test_the_relationship_began_with_the_record_unless_told_otherwise() -> None:
    assert customer().first_seen_time == NOW
    long_ago = datetime(2010, 12, 1, tzinfo=UTC)
    assert customer(first_seen_time=long_ago).first_seen_time == long_ago


@pytest.mark.parametrize("display_name", ["", "   "])
def test_a_customer_needs_a_name(display_name: str) -> None:
    with pytest.raises(DomainError) as refused:
        customer(display_name=display_name)
    assert refused.value.reason == "DISPLAY_NAME_MISSING"
    with pytest.raises(DomainError) as refused:
        changed(customer(), display_name=display_name)
    assert refused.value.reason == "DISPLAY_NAME_MISSING"


def test_nobody_refers_themselves() -> None:
    with pytest.raises(DomainError) as refused:
        changed(customer(), referred_by="customers/ann")
    assert refused.value.reason == "REFERRED_BY_ITSELF"


def test_only_the_named_fields_change() -> None:
    before = customer(region="North", industry="retail")
    draft = Draft(display_name="Bob", region="South")
    after = before.change(draft, ("region",), at=LATER, etag="2")
    assert after == replace(before, region="South", update_time=LATER, etag="2")


def test_a_change_that_says_nothing_new_is_no_change() -> None:
    before = customer(region="North")
    assert changed(before, region="North") is before


def test_an_update_without_owner_leaves_the_owner() -> None:
    after = changed(customer(), owner="", team="", region="South")
    assert (after.owner, after.region) == ("users/rep", "South")


def test_a_deleted_customer_can_not_be_changed_or_deleted_again_but_brought_back() -> None:
    deleted = customer().delete(at=LATER, etag="2")
    assert deleted.delete_time == LATER
    with pytest.raises(DomainError) as refused:
        changed(deleted, region="South")
    assert (refused.value.kind, refused.value.reason) == (
        Kind.FAILED_PRECONDITION,
        "CUSTOMER_DELETED",
    )
    with pytest.raises(DomainError) as refused:
        deleted.delete(at=LATER, etag="3")
    assert (refused.value.kind, refused.value.reason) == (Kind.NOT_FOUND, "CUSTOMER_DELETED")
    assert deleted.undelete(at=LATER, etag="3").delete_time is None


def test_a_living_customer_can_not_be_brought_back() -> None:
    with pytest.raises(DomainError) as refused:
        customer().undelete(at=LATER, etag="2")
    assert (refused.value.kind, refused.value.reason) == (
        Kind.ALREADY_EXISTS,
        "CUSTOMER_NOT_DELETED",
    )


def test_an_etag_that_is_not_the_current_one_is_refused() -> None:
    customer().expect("")
    customer().expect("1")
    with pytest.raises(DomainError) as refused:
        customer().expect("0")
    assert refused.value.reason == "ETAG_MISMATCH"


def bought(before: Customer, orders: int) -> Customer:
    return before.bought(orders, at=LATER, etag="2")


def took_back(before: Customer, orders: int) -> Customer:
    return before.took_back(orders, at=LATER, etag="3")


def test_the_first_order_makes_a_customer_and_the_second_a_repeat_customer() -> None:
    first = bought(customer(), 1)
    assert first.lifecycle_stage is LifecycleStage.CUSTOMER
    assert bought(first, 2).lifecycle_stage is LifecycleStage.REPEAT_CUSTOMER
    assert bought(customer(), 5).lifecycle_stage is LifecycleStage.REPEAT_CUSTOMER


def test_an_order_moves_nobody_back() -> None:
    advocate = customer(lifecycle_stage=LifecycleStage.ADVOCATE)
    assert bought(advocate, 1) is advocate
    repeat = customer(lifecycle_stage=LifecycleStage.REPEAT_CUSTOMER)
    assert bought(repeat, 1) is repeat


def test_who_was_lost_and_orders_again_is_a_customer_again() -> None:
    lost = customer(lifecycle_stage=LifecycleStage.LOST)
    assert bought(lost, 3).lifecycle_stage is LifecycleStage.REPEAT_CUSTOMER


def test_a_cancelled_order_takes_back_what_it_gave() -> None:
    before = customer(lifecycle_stage=LifecycleStage.OPPORTUNITY)
    repeat = bought(bought(before, 1), 2)
    once = took_back(repeat, 1)
    assert once.lifecycle_stage is LifecycleStage.CUSTOMER
    assert took_back(once, 0).lifecycle_stage is LifecycleStage.OPPORTUNITY


def test_a_cancelled_order_takes_back_no_stage_that_orders_did_not_give() -> None:
    imported = customer(lifecycle_stage=LifecycleStage.CUSTOMER)
    assert took_back(imported, 0) is imported
    assert took_back(bought(imported, 2), 0).lifecycle_stage is LifecycleStage.CUSTOMER


@given(
    stage=st.sampled_from(LifecycleStage),
    steps=st.lists(st.sampled_from(["order", "cancel"]), max_size=12),
)
def test_once_every_order_is_called_off_the_stage_is_what_it_was(
    stage: LifecycleStage, steps: list[str]
) -> None:
    known = customer(lifecycle_stage=stage, kind=CustomerKind.ORGANIZATION)
    orders = 0
    for step in steps:
        if step == "order":
            orders += 1
            known = bought(known, orders)
        elif orders:
            orders -= 1
            known = took_back(known, orders)
    while orders:
        orders -= 1
        known = took_back(known, orders)
    assert known.lifecycle_stage is stage


def test_nobody_is_first_seen_more_than_a_day_ahead() -> None:
    tomorrow = NOW + timedelta(days=1)
    late = tomorrow + timedelta(microseconds=1)
    assert customer(first_seen_time=tomorrow).first_seen_time == tomorrow
    with pytest.raises(DomainError) as refused:
        customer(first_seen_time=late)
    assert refused.value.reason == "FIRST_SEEN_TIME_IN_FUTURE"
    assert refused.value.violations[0].field == "first_seen_time"
