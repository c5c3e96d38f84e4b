"""RecordConsent and the consents of a new customer: what holds, and every refusal."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from guanxi.customer.v1.customers_pb2 import (
    Consent,
    Customer,
    DeleteCustomerRequest,
    RecordConsentRequest,
)

from services.chassis.errors import DomainError, Kind
from services.chassis.timestamps import to_timestamp
from tests.support.in_turn import in_turn
from tests.support.office import Desk, Office

OUT, IN = Consent.OPTED_OUT, Consent.OPTED_IN


def said(
    state: Consent.State.ValueType,
    *,
    at: Timestamp | None = None,
    source: str = "form",
    **fields: Any,
) -> Consent:
    return Consent(
        **{"channel": Consent.EMAIL, **fields}, state=state, source=source, consent_time=at
    )


async def record(desk: Desk, consent: Consent, *, etag: str = "") -> Customer:
    return await desk.customers.RecordConsent(
        RecordConsentRequest(name="customers/ann", consent=consent, etag=etag)
    )


async def test_what_is_said_is_kept_with_its_source_and_its_time(
    office: Office, desk: Desk, ann: Customer
) -> None:
    now = await record(desk, said(OUT, source="told Ann on the phone"))
    (consent,) = now.consents
    assert (consent.channel, consent.state) == (Consent.EMAIL, OUT)
    assert consent.source == "told Ann on the phone"
    assert consent.consent_time == to_timestamp(office.clock.now())
    assert now.etag != ann.etag
    then = Timestamp(seconds=1_700_000_000)
    both = await record(desk, said(IN, channel=Consent.PHONE, at=then))
    assert [each.channel for each in both.consents] == [Consent.EMAIL, Consent.PHONE]
    assert both.consents[1].consent_time == then


async def test_the_latest_holds_whatever_comes_last(
    office: Office, desk: Desk, ann: Customer
) -> None:
    now = office.clock.now()
    at = [to_timestamp(now - timedelta(days=days)) for days in (3, 2, 1)]
    outcomes = []
    for state, when in ((IN, at[0]), (OUT, at[2]), (IN, at[1]), (IN, at[2])):
        known = await record(desk, said(state, at=when))
        outcomes.append(known.consents[0].state)
    assert outcomes == [IN, OUT, OUT, OUT]
    assert (await record(desk, said(IN))).consents[0].state == IN


async def test_what_changes_nothing_leaves_the_etag(desk: Desk, ann: Customer) -> None:
    first = await record(desk, said(OUT))
    assert await record(desk, said(OUT)) == first


async def test_a_new_customer_brings_what_is_known(desk: Desk) -> None:
    created = await desk.create(consents=[said(IN), said(OUT, channel=Consent.WECHAT)])
    assert [each.state for each in created.consents] == [IN, OUT]
    assert created.consents[0].consent_time == created.create_time


@in_turn(
    ("consent", "reason", "field"),
    [
        (Consent(state=OUT, source="form"), "VALIDATION_FAILED", "consent.channel"),
        (Consent(channel=Consent.SMS, source="form"), "VALIDATION_FAILED", "consent.state"),
        (said(OUT, source=""), "VALIDATION_FAILED", "consent.source"),
        (said(OUT, at=Timestamp(seconds=10**15)), "TIME_INVALID", "consent.consent_time"),
        (
            said(OUT, at=Timestamp(seconds=4_000_000_000)),
            "CONSENT_TIME_IN_FUTURE",
            "consent.consent_time",
        ),
    ],
)
async def test_what_can_not_have_been_said_is_refused_by_field(
    desk: Desk, consent: Consent, reason: str, field: str
) -> None:
    with pytest.raises(DomainError) as refused:
        await record(desk, consent)
    if reason != "VALIDATION_FAILED" and refused.value.kind is Kind.NOT_FOUND:
        await desk.create("ann", "Ann")
        with pytest.raises(DomainError) as refused:
            await record(desk, consent)
    assert (refused.value.kind, refused.value.reason) == (Kind.INVALID_ARGUMENT, reason)
    assert refused.value.violations[0].field == field


@in_turn(
    ("consents", "reason", "field"),
    [
        ([said(IN), said(OUT)], "CONSENT_TWICE", "customer.consents[1].channel"),
        (
            [said(OUT, at=Timestamp(seconds=4_000_000_000))],
            "CONSENT_TIME_IN_FUTURE",
            "customer.consents[0].consent_time",
        ),
        (
            [said(OUT, at=Timestamp(seconds=10**15))],
            "TIME_INVALID",
            "customer.consents[0].consent_time",
        ),
    ],
)
async def test_what_a_new_customer_can_not_have_said_is_refused_by_field(
    desk: Desk, consents: list[Consent], reason: str, field: str
) -> None:
    with pytest.raises(DomainError) as refused:
        await desk.create(consents=consents)
    assert refused.value.reason == reason
    assert refused.value.violations[0].field == field


async def test_an_old_etag_or_a_deleted_customer_is_refused(desk: Desk, ann: Customer) -> None:
    with pytest.raises(DomainError) as refused:
        await record(desk, said(OUT), etag="old")
    assert refused.value.reason == "ETAG_MISMATCH"
    await desk.customers.DeleteCustomer(DeleteCustomerRequest(name="customers/ann"))
    with pytest.raises(DomainError) as refused:
        await record(desk, said(OUT))
    assert (refused.value.kind, refused.value.reason) == (
        Kind.FAILED_PRECONDITION,
        "CUSTOMER_DELETED",
    )
