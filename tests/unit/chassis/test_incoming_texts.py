"""What text of a request may be: NFC, no control characters but tab and newline."""

from __future__ import annotations

from typing import Any

import pytest
from buf.validate import validate_pb2
from google.protobuf.descriptor_pb2 import FileDescriptorProto
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from guanxi.customer.v1.customers_pb2 import (
    BatchCreateCustomersRequest,
    CreateCustomerRequest,
    Customer,
    ListCustomersRequest,
)
from guanxi.events.v1.event_feed_pb2 import Event, PullResponse
from guanxi.gateway.v1.briefs_pb2 import CallBrief
from protovalidate import Validator

from services.chassis.errors import FieldViolation
from services.chassis.incoming.texts import Texts, texts_of
from services.chassis.violations import validation_error
from tests.support.contact_points import phones

TEXTS = texts_of(CreateCustomerRequest.DESCRIPTOR)
DECOMPOSED, COMPOSED = "Mu\u0308ller", "M\u00fcller"


def wrong(texts: Texts, message: Message) -> list[FieldViolation]:
    """What can't be brought in order, once all else is."""
    return [each for each in texts.settle(message) if each is not None]


def customer(**fields: object) -> CreateCustomerRequest:
    return CreateCustomerRequest(customer=Customer(**fields))  # type: ignore[arg-type]  # a test's own


def test_ordinary_text_is_in_order_and_so_are_tabs_newlines_and_emoji() -> None:
    request = customer(
        display_name=f"{COMPOSED}\n\tline 2 \U0001f600 \u200b",
        labels={"a": "\u4f60"},
        phones=phones("1"),
    )
    assert TEXTS.in_order(request)


@pytest.mark.parametrize("control", [*map(chr, [*range(9), *range(11, 32), *range(127, 160)])])
def test_control_characters_are_not_in_order(control: str) -> None:
    request = customer(display_name=f"A{control}nn")
    assert not TEXTS.in_order(request)
    (violation,) = wrong(TEXTS, request)
    assert (violation.field, violation.reason) == (
        "customer.display_name",
        "TEXT_CONTROL_CHARACTER",
    )
    assert f"U+{ord(control):04X}" in violation.description


@pytest.mark.parametrize(
    ("request_", "field"),
    [
        (CreateCustomerRequest(request_id="\0"), "request_id"),
        (customer(labels={"a": "\0"}), 'customer.labels["a"]'),
        (customer(labels={"a\0": "b"}), 'customer.labels["a?"]'),
        (customer(source="\x1f"), "customer.source"),
    ],
)
def test_wherever_text_is_it_is_looked_at(request_: CreateCustomerRequest, field: str) -> None:
    assert not TEXTS.in_order(request_)
    assert [each.field for each in wrong(TEXTS, request_)] == [field]


def test_filters_and_page_tokens_are_text_too() -> None:
    request = ListCustomersRequest(filter="labels.a = 'b\0'", page_token="\0")
    texts = texts_of(ListCustomersRequest.DESCRIPTOR)
    assert {each.field for each in wrong(texts, request)} == {"filter", "page_token"}


def test_items_of_a_batch_are_looked_at_and_named_by_their_place() -> None:
    request = BatchCreateCustomersRequest(
        requests=[customer(display_name="a"), customer(region="\0")]
    )
    texts = texts_of(BatchCreateCustomersRequest.DESCRIPTOR)
    assert not texts.in_order(request)
    assert [each.field for each in wrong(texts, request)] == ["requests[1].customer.region"]
    assert not wrong(texts.besides("requests"), request)


def test_text_that_is_composed_otherwise_is_composed_where_it_stands() -> None:
    request = customer(display_name=DECOMPOSED, labels={DECOMPOSED: DECOMPOSED, "k": "v"})
    assert not TEXTS.in_order(request)
    assert not wrong(TEXTS, request)
    assert request == customer(display_name=COMPOSED, labels={COMPOSED: COMPOSED, "k": "v"})
    assert TEXTS.in_order(request)


def test_line_ends_of_another_system_are_newlines() -> None:
    request = customer(display_name="a\r\nb")
    assert not wrong(TEXTS, request)
    assert request.customer.display_name == "a\nb"


def test_a_key_given_in_two_spellings_is_refused() -> None:
    request = customer(labels={DECOMPOSED: "1", COMPOSED: "2"})
    assert [each.reason for each in wrong(TEXTS, request)] == ["TEXT_KEY_TWICE"]


def test_what_two_texts_would_compose_to_does_not_count() -> None:
    assert TEXTS.in_order(customer(industry="a", region="\u0308b"))


def test_so_much_text_that_it_takes_turns_is_settled_all_the_same() -> None:
    request = customer(display_name="\u4f60" * 70_000, source=DECOMPOSED)
    assert not TEXTS.in_order(request)
    assert not wrong(TEXTS, request)
    assert request.customer.source == COMPOSED
    assert TEXTS.in_order(customer(display_name="a" * 70_000))


def test_a_text_longer_than_any_may_be_is_refused_unread() -> None:
    request = customer(display_name="e\u0301" * 60_000)
    (violation,) = wrong(TEXTS, request)
    assert (violation.field, violation.description) == (
        "customer.display_name",
        "must be at most 100000 characters",
    )


def test_bytes_are_not_text() -> None:
    texts = texts_of(PullResponse.DESCRIPTOR)
    assert texts.in_order(PullResponse(events=[Event(payload=b"\0\1")]))


def test_text_whose_contract_names_its_characters_is_left_to_the_contract() -> None:
    request = customer(owner="users/a\0")
    assert TEXTS.in_order(request)
    broken = validation_error(Validator().collect_violations(request), request)
    assert [each.field for each in broken.violations] == ["customer.owner"]


@pytest.mark.parametrize(
    "pattern", [".", "^.*$", "^a", "a$", "^[^a]$", r"^\s$", r"^[\s]$", "^\xe9$", "^a|b$", ""]
)
def test_a_pattern_that_takes_more_than_it_names_leaves_text_to_be_looked_at(pattern: str) -> None:
    file = FileDescriptorProto(name=f"tests/{pattern!r}.proto", package="tests", syntax="proto3")
    field = file.message_type.add(name="Asked").field.add(name="text", number=1)
    field.type, field.label = field.TYPE_STRING, field.LABEL_OPTIONAL
    field.options.Extensions[validate_pb2.field].string.pattern = pattern
    pool = DescriptorPool()
    pool.Add(file)
    assert texts_of(pool.FindMessageTypeByName("tests.Asked")).strings == ["text"]


def test_a_list_of_texts_is_looked_at_one_by_one() -> None:
    file = FileDescriptorProto(name="tests/list.proto", package="tests", syntax="proto3")
    field = file.message_type.add(name="Asked").field.add(name="texts", number=1)
    field.type, field.label = field.TYPE_STRING, field.LABEL_REPEATED
    pool = DescriptorPool()
    pool.Add(file)
    described = pool.FindMessageTypeByName("tests.Asked")
    asked: Any = GetMessageClass(described)(texts=["a", DECOMPOSED, "\0"])
    texts = texts_of(described)
    assert not texts.in_order(asked)
    assert [each.field for each in wrong(texts, asked)] == ["texts[2]"]
    assert asked.texts[1] == COMPOSED


def test_the_same_type_in_two_places_is_looked_at_in_both() -> None:
    brief = CallBrief()
    brief.recent_orders.add().net_amount.units = 1
    for orders in (brief.recent_orders, brief.recent_orders):
        orders.add().reference = "\0"
    brief.customer.region = "\0"
    fields = [each.field for each in wrong(texts_of(CallBrief.DESCRIPTOR), brief)]
    assert sorted(fields) == [
        "customer.region",
        "recent_orders[1].reference",
        "recent_orders[2].reference",
    ]
