"""The service's own check of order lines refuses exactly what the contract's rules refuse."""

import protovalidate
import pytest
from google.type.money_pb2 import Money
from guanxi.sales.v1.orders_pb2 import CreateOrderRequest, Order, OrderLine
from hypothesis import given
from hypothesis import strategies as st

from services.chassis.errors import DomainError
from services.chassis.ids import Uuid7Ids
from services.sales.orders.messages import new_order

IDS = Uuid7Ids()
PRICE = Money(currency_code="USD", units=1)

products = st.one_of(
    st.just(""),
    st.just("products/85123a"),
    st.from_regex("products/[a-z0-9-]{0,70}", fullmatch=True),
    st.text(max_size=12),
)
quantities = st.one_of(
    st.integers(-5, 5),
    st.sampled_from([10**9, 10**9 + 1, -(10**9), -(10**9) - 1]),
    st.integers(-(2**63), 2**63 - 1),
)
descriptions = st.one_of(st.text(max_size=5), st.sampled_from(["é" * 500, "é" * 501, "x" * 900]))
prices = st.sampled_from([None, PRICE])


def read(*lines: OrderLine) -> None:
    order = Order(currency_code="USD", lines=lines)
    new_order(CreateOrderRequest(order=order), base_currency="USD", ids=IDS)


@given(product=products, quantity=quantities, description=descriptions, price=prices)
def test_lines_are_refused_exactly_where_the_contract_says(
    product: str, quantity: int, description: str, price: Money | None
) -> None:
    line = OrderLine(product=product, quantity=quantity, description=description, unit_price=price)
    broken = {each.proto.rule_id for each in protovalidate.collect_violations(line)}
    if not broken:
        read(line)
        return
    with pytest.raises(DomainError) as error:
        read(line)
    assert error.value.reason == "VALIDATION_FAILED"
    assert {each.reason for each in error.value.violations} == broken


def test_the_refusal_names_the_line_and_the_field() -> None:
    good = OrderLine(quantity=1, unit_price=PRICE)
    with pytest.raises(DomainError) as error:
        read(good, good, OrderLine(quantity=0, unit_price=PRICE))
    assert [each.field for each in error.value.violations] == ["order.lines[2].quantity"]
    assert error.value.message == "order.lines[2].quantity: must not be 0"


def test_the_refusal_of_several_fields_begins_with_the_whole_path_of_the_first() -> None:
    with pytest.raises(DomainError) as error:
        read(OrderLine(quantity=0))
    assert error.value.message == "order.lines[0].quantity: must not be 0 (and 1 more)"


def test_a_price_in_another_currency_is_refused() -> None:
    with pytest.raises(DomainError) as error:
        read(OrderLine(quantity=1, unit_price=Money(currency_code="EUR", units=1)))
    assert error.value.reason == "CURRENCY_MISMATCH"
    assert error.value.violations[0].field == "order.lines[0].unit_price.currency_code"


def test_content_is_the_same_whatever_a_caller_puts_into_the_servers_fields() -> None:
    written = Order(currency_code="USD", lines=[OrderLine(quantity=1, unit_price=PRICE)])
    echoed = Order(
        name="orders/1",
        state=Order.CONFIRMED,
        currency_code="USD",
        lines=[OrderLine(quantity=1, unit_price=PRICE, amount=PRICE)],
        net_amount=PRICE,
        line_count=1,
        etag="x",
    )
    first, second = (
        new_order(CreateOrderRequest(order=order, order_id="1"), base_currency="USD", ids=IDS)
        for order in (written, echoed)
    )
    assert first.fingerprint == second.fingerprint != b""
