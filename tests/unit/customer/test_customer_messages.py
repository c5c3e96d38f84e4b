"""Customers and touchpoints on the wire: nothing is lost on the way in and out."""

from __future__ import annotations

from datetime import UTC, datetime

from guanxi.customer.v1 import customers_pb2, touchpoints_pb2

from services.chassis.ids import Uuid7Ids
from services.customer.customers import messages as customer_messages
from services.customer.customers.model import CustomerKind, LifecycleStage, Temperature, register
from services.customer.touchpoints import messages as touchpoint_messages
from services.customer.touchpoints.model import Channel, Direction, Topic, TouchpointType, record

NOW = datetime(2026, 3, 2, 9, 30, 15, 123456, tzinfo=UTC)

Touch = touchpoints_pb2.Touchpoint


def full_customer() -> customers_pb2.Customer:
    message = customers_pb2.Customer(
        kind=customers_pb2.Customer.ORGANIZATION,
        display_name="Lantern & Co",
        phones=["+44 20 7946 0000", "0171-1"],
        emails=["office@lantern.example"],
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
    draft = customer_messages.draft_of(sent)
    customer = register(
        draft, name="customers/1", owner=draft.owner, team=draft.team, at=NOW, etag="e"
    )
    received = customer_messages.to_message(customer)
    sent.name, sent.etag = "customers/1", "e"
    sent.create_time.FromDatetime(NOW)
    sent.update_time.FromDatetime(NOW)
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
    logged = record(new.draft, name=new.name, customer=new.customer, actor="", at=NOW)
    received = touchpoint_messages.to_message(logged)
    sent.name = "customers/1/touchpoints/t"
    sent.create_time.FromDatetime(NOW)
    assert received == sent


def test_every_value_of_every_enum_of_the_contract_has_a_word_of_ours() -> None:
    customer, touchpoint = customers_pb2.Customer, touchpoints_pb2.Touchpoint
    pairs = [
        (customer.Kind, CustomerKind),
        (customer.LifecycleStage, LifecycleStage),
        (customer.Temperature, Temperature),
        (touchpoint.Type, TouchpointType),
        (touchpoint.Channel, Channel),
        (touchpoint.Direction, Direction),
        (touchpoint.Topic, Topic),
    ]
    for theirs, ours in pairs:
        stated = [value.name for value in theirs.DESCRIPTOR.values if value.number]
        assert stated == [each.name for each in ours]


def test_the_fingerprint_is_of_what_the_caller_wrote_and_of_nothing_else() -> None:
    sent, again = full_customer(), full_customer()
    again.etag = "other"
    again.create_time.FromDatetime(NOW)
    again.name = "customers/2"
    same = customer_messages.draft_of(sent).fingerprint
    assert customer_messages.draft_of(again).fingerprint == same
    again.region = "North"
    assert customer_messages.draft_of(again).fingerprint != same
