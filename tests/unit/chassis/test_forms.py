"""Rules of a contract are told in words, not as patterns and numbers."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from google.protobuf.message import Message
from guanxi.customer.v1.customers_pb2 import CreateCustomerRequest, Customer, GetCustomerRequest
from guanxi.customer.v1.touchpoints_pb2 import LogTouchpointRequest, Touchpoint
from guanxi.insight.v1.alerts_pb2 import CloseAlertRequest
from guanxi.insight.v1.rules_pb2 import CreateRuleRequest, Rule
from guanxi.sales.v1.orders_pb2 import CreateOrderRequest, Order
from protovalidate import Validator

from services.chassis.forms import form_of
from services.chassis.violations import validation_error

PROTOS = Path(__file__).parents[3] / "protos"
ID = "lower-case letters, digits and hyphens, at most 63, no hyphen at either end"
ANN = Customer(display_name="Ann")


def told(message: Message) -> dict[str, str]:
    """What is said of each wrong field."""
    violations = Validator().collect_violations(message)
    error = validation_error(violations, message)
    return {each.field: each.description for each in error.violations}


@pytest.mark.parametrize(
    ("message", "field", "words"),
    [
        (
            CreateCustomerRequest(customer=ANN, customer_id="River-Cafe"),
            "customer_id",
            f"must be an id: {ID}",
        ),
        (
            CreateCustomerRequest(customer=Customer(display_name="Ann", owner="Paula")),
            "customer.owner",
            f"must be users/{{user}}: {ID}",
        ),
        (
            GetCustomerRequest(name="customers/HS-1002"),
            "name",
            f"must be customers/{{customer}}: {ID}",
        ),
        (GetCustomerRequest(), "name", f"is required: customers/{{customer}}: {ID}"),
        (
            CreateRuleRequest(rule=Rule(assignee="Bob")),
            "rule.assignee",
            f"must be owner or users/{{user}}: {ID}",
        ),
        (
            CreateRuleRequest(rule=Rule(tag_dimension="X")),
            "rule.tag_dimension",
            "must be one of BEHAVIOR, ORGANIZATION, VALUE, INTEREST, LIFECYCLE, CUSTOM",
        ),
        (
            CreateOrderRequest(order=Order(currency_code="€")),
            "order.currency_code",
            "must be three capital letters, the code by ISO 4217: EUR",
        ),
    ],
)
def test_what_a_value_looks_like_is_said_in_words(message: Message, field: str, words: str) -> None:
    assert told(message)[field] == words


def test_a_choice_that_is_left_out_is_told_with_what_there_is() -> None:
    description = told(CloseAlertRequest(name="alerts/x"))["outcome"]
    assert description.startswith("is required: one of WON_BACK, CONTACTED, ")
    assert "UNSPECIFIED" not in description


def test_a_choice_that_is_none_is_told_with_what_there_is() -> None:
    touchpoint = Touchpoint(type=Touchpoint.CALL)
    touchpoint.topics.extend([Touchpoint.PRICE, Touchpoint.Topic.ValueType(77)])
    request = LogTouchpointRequest(parent="customers/ann", touchpoint=touchpoint)
    description = told(request)["touchpoint.topics[1]"]
    assert description.startswith("must be one of PRICE, DISCOUNT, ")


def test_every_pattern_of_the_contracts_has_words() -> None:
    texts = (path.read_text("utf-8") for path in PROTOS.rglob("guanxi/**/*.proto"))
    patterns = {
        found.replace("\\\\", "\\")
        for text in texts
        for found in re.findall(r'\bpattern[ =:]+"([^"]*)"', text)
    }
    assert len(patterns) > 10
    assert [each for each in sorted(patterns) if not form_of(each)] == []
