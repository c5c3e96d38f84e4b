"""Who a contact may be, and how a chain of decisions is read from contacts."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.chassis.creation import New
from services.chassis.errors import DomainError
from services.customer.contact_points.model import PhoneNumber
from services.customer.contacts.model import (
    Contact,
    Draft,
    chain_of,
    expect_no_circle,
    meet,
)

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)
ACME = "customers/acme"


def contact(id: str = "lee", **fields: Any) -> Contact:
    draft = Draft(ACME, **{"display_name": id, **fields})
    return meet(New(f"{ACME}/contacts/{id}", draft), country="CN", at=NOW, etag="first")


def changed(before: Contact, **fields: Any) -> Contact:
    return before.change(Draft(ACME, **fields), fields, country="CN", at=LATER, etag="second")


def test_a_name_is_made_of_its_parts_as_a_customers_is() -> None:
    mei = contact(display_name="", given_name="\u660e", family_name="\u738b")
    assert mei.display_name == "\u738b\u660e"
    assert changed(mei, family_name="\u674e").display_name == "\u674e\u660e"
    assert changed(mei, display_name="Ming").display_name == "Ming"


def test_a_number_is_read_as_of_the_organizations_country() -> None:
    kim = contact(phones=(PhoneNumber("010 6278 2019"),))
    assert kim.phones[0].canonical_number == "+861062782019"
    assert kim.phones_key == ("01062782019", "861062782019")


def test_a_change_that_says_nothing_new_leaves_the_contact_as_it_is() -> None:
    lee = contact(notes="tall")
    assert changed(lee, notes="tall") is lee
    small = changed(lee, notes="small")
    assert (small.update_time, small.etag, lee.differences(small)) == (LATER, "second", ("notes",))


def test_who_does_not_sign_any_more_has_not_approved() -> None:
    signed = contact(approval_order=1).approve(at=NOW, etag="second")
    assert changed(signed, approval_order=3).approval_time == NOW
    assert changed(signed, approval_order=0).approval_time is None


def test_levels_come_in_order_and_gaps_are_none() -> None:
    people = [
        contact("zoe", approval_order=7),
        contact("lee", approval_order=2),
        contact("kim", approval_order=2),
        contact("bo"),
        contact("gone", approval_order=1).deactivate(at=NOW, etag="left"),
    ]
    chain = chain_of(ACME, people)
    assert [
        (each.approval_order, [one.display_name for one in each.signers]) for each in chain.levels
    ] == [(2, ["kim", "lee"]), (7, ["zoe"])]
    assert [each.display_name for each in chain.next_signers] == ["kim", "lee"]


def test_a_chain_is_approved_once_everybody_has_and_never_without_anybody() -> None:
    kim, zoe = contact("kim", approval_order=1), contact("zoe", approval_order=2)
    assert not chain_of(ACME, []).approved
    assert not chain_of(ACME, [kim, zoe]).approved
    signed = [each.approve(at=NOW, etag="signed") for each in (kim, zoe)]
    done = chain_of(ACME, signed)
    assert (done.approved, done.next_signers) == (True, ())


def test_a_circle_of_others_further_up_is_not_theirs() -> None:
    """What an older version or a restored backup left is no reason to look for ever."""
    low = replace(contact("low"), reports_to="a")
    expect_no_circle(low, {"a": "b", "b": "a"})
    with pytest.raises(DomainError) as refused:
        expect_no_circle(low, {"a": "b", "b": low.name})
    assert refused.value.reason == "REPORTS_TO_CYCLE"
