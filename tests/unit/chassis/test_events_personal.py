"""Personal fields leave a feed for those readers only to whom its producer declares them."""

from __future__ import annotations

import tracemalloc
from typing import Any

import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from guanxi.customer.v1 import customers_pb2, touchpoints_pb2
from guanxi.sales.v1 import orders_pb2, products_pb2

from services.chassis.descriptors import ContractError
from services.chassis.events.personal import PersonalFields
from tests.support.contact_points import emails, phones

INSIGHT, SALES = "services/insight", "services/sales"
FIELDS = PersonalFields({INSIGHT: {"guanxi.customer.v1.Customer.display_name"}})


def seen(reader: str, message: Any) -> Any:
    """The message as the reader gets it."""
    payload = message.SerializeToString()
    shown = FIELDS.shown(reader, message.DESCRIPTOR.full_name, payload)
    assert shown is not None
    return type(message).FromString(shown)


def created() -> customers_pb2.CustomerCreated:
    customer = customers_pb2.Customer(
        name="customers/ann",
        display_name="Ann Lee",
        phones=phones("+49 1"),
        emails=emails("ann@lee.example"),
        region="north",
        owner="users/bob",
        create_time=Timestamp(seconds=7),
    )
    return customers_pb2.CustomerCreated(customer=customer)


def test_a_reader_gets_the_personal_fields_it_was_given_and_no_others() -> None:
    customer = seen(INSIGHT, created()).customer
    assert customer.display_name == "Ann Lee"
    assert not customer.phones
    assert not customer.emails
    assert (customer.region, customer.owner) == ("north", "users/bob")
    assert customer.create_time.seconds == 7


def test_a_reader_nobody_spoke_of_gets_none() -> None:
    customer = seen(SALES, created()).customer
    assert (customer.name, customer.display_name) == ("customers/ann", "")
    assert not customer.phones


def test_what_was_said_in_a_touchpoint_stays_with_its_service() -> None:
    touchpoint = touchpoints_pb2.Touchpoint(
        name="customers/ann/touchpoints/1",
        subject="s",
        content="c",
        outcome="o",
        type=touchpoints_pb2.Touchpoint.CALL,
    )
    shown = seen(INSIGHT, touchpoints_pb2.TouchpointLogged(touchpoint=touchpoint)).touchpoint
    assert (shown.subject, shown.content, shown.outcome) == ("", "", "")
    assert shown.type == touchpoints_pb2.Touchpoint.CALL


def test_why_an_order_was_cancelled_stays_with_its_service() -> None:
    order = orders_pb2.Order(name="orders/1", cancel_reason="Ann Lee has died", reference="17")
    shown = seen(INSIGHT, orders_pb2.OrderCancelled(order=order)).order
    assert (shown.cancel_reason, shown.reference) == ("", "17")


def test_an_event_without_personal_fields_passes_whole() -> None:
    order = orders_pb2.Order(name="orders/1", lines=[orders_pb2.OrderLine(product="products/a")])
    event = orders_pb2.OrderConfirmed(order=order)
    assert seen(SALES, event) == event


UNKNOWN = b"\xfa\x3f\x03abc"  # field 1023


def within(field: int, message: Any) -> bytes:
    """A message's bytes with an unknown field, as the field (at most 15) of another."""
    inner: bytes = message.SerializeToString() + UNKNOWN
    return bytes([field << 3 | 2, len(inner)]) + inner


@pytest.mark.parametrize("reader", [INSIGHT, SALES])
@pytest.mark.parametrize(
    ("event_type", "payload"),
    [
        ("guanxi.customer.v1.CustomerCreated", created().SerializeToString() + UNKNOWN),
        ("guanxi.customer.v1.CustomerCreated", within(1, customers_pb2.Customer(name="c"))),
        ("guanxi.sales.v1.ProductUpdated", UNKNOWN),
        ("guanxi.sales.v1.ProductUpdated", within(1, products_pb2.Product(name="products/a"))),
    ],
    ids=["customer's event", "customer", "product's event", "product"],
)
def test_what_a_newer_version_has_written_is_not_passed_on_unread(
    reader: str, event_type: str, payload: bytes
) -> None:
    """Nor where this version knows of nothing personal in the type: it may be the first."""
    assert b"abc" in payload
    shown = FIELDS.shown(reader, event_type, payload)
    assert shown is not None
    assert b"abc" not in shown


def test_what_all_readers_may_have_is_the_same_for_each_whoever_asks_first_and_again() -> None:
    """What is kept of one answer for the next reader is not what the log has."""
    whole = orders_pb2.OrderCancelled(order=orders_pb2.Order(name="orders/1")).SerializeToString()
    fields = PersonalFields({})
    for payload in (whole, whole + UNKNOWN):
        for reader in (INSIGHT, SALES, INSIGHT):
            assert fields.shown(reader, "guanxi.sales.v1.OrderCancelled", payload) == whole


def test_what_is_kept_for_one_reader_is_not_given_to_another_who_may_have_less() -> None:
    event = created()
    for reader in (INSIGHT, SALES, INSIGHT):
        expected = "Ann Lee" if reader == INSIGHT else ""
        assert seen(reader, event).customer.display_name == expected


def test_the_same_bytes_are_another_event_in_another_type() -> None:
    """What this version doesn't know in the one, it does in the other."""
    payload = orders_pb2.Order(reference="r").SerializeToString()
    fields = PersonalFields({})
    assert fields.shown(SALES, "guanxi.sales.v1.Order", payload) == payload
    assert fields.shown(SALES, "guanxi.sales.v1.OrderConfirmed", payload) == b""


@pytest.mark.parametrize(
    "long",
    [orders_pb2.Order(reference="r" * 100_000), orders_pb2.Order(cancel_reason="r" * 100_000)],
    ids=["shown", "personal"],
)
def test_so_many_payloads_as_a_log_has_are_not_all_kept(long: orders_pb2.Order) -> None:
    fields = PersonalFields({})
    tracemalloc.start()
    for number in range(400):
        long.name = f"orders/{number}"
        fields.shown(SALES, "guanxi.sales.v1.Order", long.SerializeToString())
    kept, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert kept < 20_000_000  # of 40 MB


def test_nothing_of_a_type_that_only_a_newer_version_knows_is_shown() -> None:
    assert FIELDS.shown(INSIGHT, "guanxi.customer.v1.CustomerMerged", b"personal") is None


@pytest.mark.parametrize(
    "name", ["guanxi.customer.v1.Customer.shoe_size", "guanxi.customer.v1.Customer.region"]
)
def test_a_declaration_that_means_nothing_is_refused(name: str) -> None:
    with pytest.raises(ContractError):
        PersonalFields({SALES: {name}})
