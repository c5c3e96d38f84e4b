"""Customers and touchpoints on the wire: nothing is lost on the way in and out."""

from __future__ import annotations

from datetime import UTC, datetime

from guanxi.customer.v1 import contact_points_pb2, customers_pb2, touchpoints_pb2

from services.chassis.creation import New
from services.chassis.ids import Uuid7Ids
from services.customer.customers import messages as customer_messages
from services.customer.customers.model import register
from services.customer.touchpoints import messages as touchpoint_messages
from services.customer.touchpoints.model import record
from tests.support.contact_points import emails, phones

NOW = datetime(2026, 3, 2, 9, 30, 15, 123456, tzinfo=UTC)

Touch = touchpoints_pb2.Touchpoint


def full_customer() -> customers_pb2.Customer:
    message = customers_pb2.Customer(
        kind=customers_pb2.Customer.ORGANIZATION,
        display_name="Lantern & Co",
        given_name="Lea",
        family_name="Lantern",
        phones=phones("+44 20 7946 0000", "0171-1"),
        emails=emails("office@lantern.example"),
        addresses=[
            contact_points_pb2.PostalAddress(
                kind=contact_points_pb2.PostalAddress.OFFICE,
                region_code="GB",
                postal_code="N1 9GU",
                administrative_area="Greater London",
                locality="London",
                sublocality="King's Cross",
                address_lines=["Floor 2", "1 Lantern Row"],
                recipient="Accounts",
            )
        ],
        industry="retail",
        region="South",
        lifecycle_stage=customers_pb2.Customer.OPPORTUNITY,
        temperature=customers_pb2.Customer.HOT,
        owner="users/ann",
        team="teams/north",
        source="EVENT",
        referred_by="customers/bob",
        labels={"tier": "a", "since": "2010"},
    )
    message.next_follow_up_time.FromDatetime(NOW)
    message.first_seen_time.FromDatetime(NOW)
    return message


def test_every_field_a_caller_writes_comes_back() -> None:
    sent = full_customer()
    draft = customer_messages.draft_of(sent, "GB")
    new = New("customers/1", draft)
    customer = register(new, owner=draft.owner, team=draft.team, at=NOW, etag="e")
    received = customer_messages.to_message(customer)
    sent.name, sent.etag = "customers/1", "e"
    sent.create_time.FromDatetime(NOW)
    sent.update_time.FromDatetime(NOW)
    sent.phones[0].canonical_number = "+442079460000"
    sent.phones[1].unreadable = True
    sent.emails[0].canonical_address = "office@lantern.example"
    assert received == sent


def test_every_field_of_a_touchpoint_comes_back() -> None:
    sent = touchpoints_pb2.Touchpoint(
        type=Touch.MEETING,
        channel=Touch.TRADE_EVENT,
        channel_detail="spring fair",
        direction=Touch.INBOUND,
        subject="lamps",
        content="They want a discount.",
        topics=[Touch.DISCOUNT, Touch.PAYMENT_TERMS],
        products_of_concern=["products/lamp"],
        duration_minutes=45,
        outcome="wants a quote by Friday",
        actor="users/ann",
    )
    sent.touch_time.FromDatetime(NOW)
    request = touchpoints_pb2.LogTouchpointRequest(
        parent="customers/1", touchpoint=sent, touchpoint_id="t"
    )
    new = touchpoint_messages.new_touchpoint(request, ids=Uuid7Ids())
    logged = record(new, actor="", at=NOW)
    received = touchpoint_messages.to_message(logged)
    sent.name = "customers/1/touchpoints/t"
    sent.create_time.FromDatetime(NOW)
    assert received == sent


def test_the_fingerprint_is_of_what_the_caller_wrote_and_of_nothing_else() -> None:
    sent, again = full_customer(), full_customer()
    again.etag = "other"
    again.create_time.FromDatetime(NOW)
    again.name = "customers/2"
    assert fingerprint_of(again) == fingerprint_of(sent)
    again.emails[0].canonical_address = "office@lantern.example"
    assert fingerprint_of(again) == fingerprint_of(sent)
    again.region = "North"
    assert fingerprint_of(again) != fingerprint_of(sent)


def test_what_the_server_names_needs_no_fingerprint() -> None:
    assert fingerprint_of(full_customer(), id="") == b""


def fingerprint_of(customer: customers_pb2.Customer, id: str = "lantern") -> bytes:
    request = customers_pb2.CreateCustomerRequest(customer=customer, customer_id=id)
    return customer_messages.new_customer(request, ids=Uuid7Ids(), country="").fingerprint
