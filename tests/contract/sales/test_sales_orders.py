"""OrderService, one order at a time: create, get, confirm, cancel, and every reason to refuse."""

from datetime import timedelta
from typing import Any

import pytest
from google.protobuf.field_mask_pb2 import FieldMask
from google.protobuf.timestamp_pb2 import Timestamp
from guanxi.sales.v1.orders_pb2 import (
    BatchCreateOrdersRequest,
    CancelOrderRequest,
    ConfirmOrderRequest,
    CreateOrderRequest,
    GetOrderRequest,
    Order,
)
from guanxi.sales.v1.orders_pb2_grpc import OrderServiceStub
from guanxi.sales.v1.products_pb2 import Product, UpdateProductRequest
from guanxi.sales.v1.products_pb2_grpc import ProductServiceStub

from services.chassis.errors import DomainError, Kind
from services.chassis.timestamps import from_timestamp, to_timestamp
from tests.support.in_turn import in_turn
from tests.support.sales import create_order, line, money, reason_of
from tests.support.services import RunningService


async def test_an_order_is_a_draft_with_exact_sums_until_it_is_confirmed(
    orders: OrderServiceStub, sales: RunningService
) -> None:
    created = await orders.CreateOrder(
        create_order(
            line(6, "2.55", "a", description="LANTERN"),
            line(-1, "0.005", "b"),
            line(1, "-3.00"),
            id="536365",
            customer="customers/17850",
            reference="536365",
        )
    )
    assert created.name == "orders/536365"
    assert created.state == Order.DRAFT
    assert [each.amount for each in created.lines] == [money("15.30"), money("0"), money("-3")]
    assert created.lines[1].unit_price == money("0.005")
    assert created.net_amount == created.base_net_amount == money("12.30")
    assert created.line_count == 3
    assert created.exchange_rate == "1"
    assert (created.seller, created.team) == ("users/ann", "teams/north")
    assert from_timestamp(created.order_time, field="") == sales.clock.now()
    assert await orders.GetOrder(GetOrderRequest(name=created.name)) == created


async def test_an_order_in_another_currency_keeps_its_rate(orders: OrderServiceStub) -> None:
    created = await orders.CreateOrder(
        create_order(
            line(3, "19.99", "a", currency="GBP"), currency_code="GBP", exchange_rate="1.1734"
        )
    )
    assert created.net_amount == money("59.97", "GBP")
    assert created.base_net_amount == money("70.37")  # 59.97 × 1.1734 = 70.368798
    assert created.exchange_rate == "1.1734"


async def test_confirm_on_create_gives_a_confirmed_order(orders: OrderServiceStub) -> None:
    created = await orders.CreateOrder(create_order(line(), confirm=True))
    assert created.state == Order.CONFIRMED


async def test_an_order_can_be_returned_by_another_that_names_it(orders: OrderServiceStub) -> None:
    sold = await orders.CreateOrder(create_order(line(5, "2", "a"), id="sold", confirm=True))
    returned = await orders.CreateOrder(
        create_order(line(-2, "2", "a"), original_order=sold.name, confirm=True)
    )
    assert returned.net_amount == money("-4")
    assert returned.original_order == "orders/sold"


async def test_a_request_sent_again_gets_the_first_answer_and_creates_nothing(
    orders: OrderServiceStub,
) -> None:
    request = create_order(line(), request_id="once")
    first = await orders.CreateOrder(request)
    assert await orders.CreateOrder(request) == first
    request.order.reference = "another"
    with pytest.raises(DomainError) as error:
        await orders.CreateOrder(request)
    assert error.value.reason == "REQUEST_ID_REUSED"


@pytest.mark.parametrize(("reference", "unchanged"), [("", "true"), ("other", "false")])
async def test_a_taken_id_says_whether_the_content_is_the_same(
    orders: OrderServiceStub, reference: str, unchanged: str
) -> None:
    await orders.CreateOrder(create_order(line(), id="1"))
    with pytest.raises(DomainError) as error:
        await orders.CreateOrder(create_order(line(), id="1", reference=reference))
    assert error.value.kind is Kind.ALREADY_EXISTS
    assert error.value.metadata == {"resource": "orders/1", "unchanged": unchanged}


HUGE = 9 * 10**17


def broken(**fields: Any) -> Order:
    return Order(**{"currency_code": "EUR", "lines": [line()], **fields})


@in_turn(
    ("order", "reason", "field"),
    [
        (broken(customer="12748"), "VALIDATION_FAILED", "order.customer"),
        (broken(currency_code="eur"), "VALIDATION_FAILED", "order.currency_code"),
        (broken(lines=[line()] * 2_001), "VALIDATION_FAILED", "order.lines"),
        (broken(lines=[line(0)]), "VALIDATION_FAILED", "order.lines[0].quantity"),
        (
            broken(lines=[line(), line(currency="GBP")]),
            "CURRENCY_MISMATCH",
            "order.lines[1].unit_price.currency_code",
        ),
        (broken(currency_code="XYZ"), "CURRENCY_UNKNOWN", "order.currency_code"),
        (broken(currency_code="GBP"), "EXCHANGE_RATE_REQUIRED", "order.exchange_rate"),
        (broken(exchange_rate="2"), "EXCHANGE_RATE_NOT_ONE", "order.exchange_rate"),
        (
            broken(currency_code="GBP", exchange_rate="0"),
            "EXCHANGE_RATE_NOT_POSITIVE",
            "order.exchange_rate",
        ),
        (
            broken(lines=[line(10**9, str(10**9))]),
            "AMOUNT_OUT_OF_RANGE",
            "order.lines[0].amount",
        ),
        (
            broken(lines=[line(1, str(8 * 10**12))] * 2),
            "AMOUNT_OUT_OF_RANGE",
            "order.net_amount",
        ),
        (
            broken(
                currency_code="GBP",
                exchange_rate="1000",
                lines=[line(1, str(10**12), currency="GBP")],
            ),
            "AMOUNT_OUT_OF_RANGE",
            "order.base_net_amount",
        ),
        (broken(lines=[line(), line(1, "1", "n")]), "PRODUCT_NOT_FOUND", "order.lines[1].product"),
        (
            broken(original_order="orders/none"),
            "ORIGINAL_ORDER_NOT_FOUND",
            "order.original_order",
        ),
        (broken(original_order="orders/new"), "ORIGINAL_ORDER_ITSELF", "order.original_order"),
    ],
)
async def test_an_order_that_makes_no_sense_is_refused(
    orders: OrderServiceStub, order: Order, reason: str, field: str
) -> None:
    with pytest.raises(DomainError) as error:
        await orders.CreateOrder(CreateOrderRequest(order=order, order_id="new"))
    assert (error.value.kind, error.value.reason) == (Kind.INVALID_ARGUMENT, reason)
    assert [each.field for each in error.value.violations] == [field]


async def test_a_price_or_time_whose_parts_disagree_is_refused(orders: OrderServiceStub) -> None:
    priced = create_order(line(1, "1"))
    priced.order.lines[0].unit_price.nanos = -1
    timed = create_order(line())
    timed.order.order_time.nanos = -1
    for request, reason in ((priced, "AMOUNT_INVALID"), (timed, "TIME_INVALID")):
        with pytest.raises(DomainError) as error:
            await orders.CreateOrder(request)
        assert error.value.reason == reason


async def test_an_order_more_than_a_day_ahead_is_refused(
    orders: OrderServiceStub, sales: RunningService
) -> None:
    ahead = to_timestamp(sales.clock.now() + timedelta(days=2))
    with pytest.raises(DomainError) as error:
        await orders.CreateOrder(create_order(line(), order_time=ahead))
    assert error.value.reason == "ORDER_TIME_IN_FUTURE"


async def test_an_order_before_the_earliest_date_is_refused(orders: OrderServiceStub) -> None:
    """Of 0204 for 2024: one such order would move everybody's windows."""
    too_early = Timestamp(seconds=-1)
    with pytest.raises(DomainError) as error:
        await orders.CreateOrder(create_order(line(), order_time=too_early))
    assert (error.value.kind, error.value.reason) == (Kind.INVALID_ARGUMENT, "TIME_TOO_EARLY")
    assert [each.field for each in error.value.violations] == ["order.order_time"]
    reply = await orders.BatchCreateOrders(
        BatchCreateOrdersRequest(requests=[create_order(line(), order_time=too_early)])
    )
    assert [reason_of(status) for status in reply.failed_requests.values()] == ["TIME_TOO_EARLY"]
    await orders.CreateOrder(create_order(line(), order_time=Timestamp(seconds=0)))


async def test_what_can_not_be_ordered_any_more_is_not_sold_but_taken_back(
    orders: OrderServiceStub, products: ProductServiceStub
) -> None:
    await products.UpdateProduct(
        UpdateProductRequest(
            product=Product(name="products/a"), update_mask=FieldMask(paths=["active"])
        )
    )
    await orders.CreateOrder(create_order(line(-1, "1", "a")))
    with pytest.raises(DomainError) as error:
        await orders.CreateOrder(create_order(line(1, "1", "a")))
    assert (error.value.kind, error.value.reason) == (
        Kind.FAILED_PRECONDITION,
        "PRODUCT_INACTIVE",
    )
    assert error.value.metadata == {"resource": "products/a"}


async def test_a_draft_is_confirmed_and_a_confirmed_order_cancelled(
    orders: OrderServiceStub, sales: RunningService
) -> None:
    draft = await orders.CreateOrder(create_order(line(2, "3", "a"), id="1"))
    sales.clock.move(hours=1)
    confirmed = await orders.ConfirmOrder(ConfirmOrderRequest(name=draft.name, etag=draft.etag))
    assert confirmed.state == Order.CONFIRMED
    assert confirmed.lines == draft.lines
    assert from_timestamp(confirmed.update_time, field="") == sales.clock.now()
    cancelled = await orders.CancelOrder(
        CancelOrderRequest(name=draft.name, etag=confirmed.etag, reason="out of stock")
    )
    assert (cancelled.state, cancelled.cancel_reason) == (Order.CANCELLED, "out of stock")
    assert await orders.GetOrder(GetOrderRequest(name=draft.name)) == cancelled


async def test_what_is_cancelled_is_neither_confirmed_nor_cancelled_again(
    orders: OrderServiceStub,
) -> None:
    draft = await orders.CreateOrder(create_order(line(), id="1"))
    await orders.CancelOrder(CancelOrderRequest(name=draft.name))
    with pytest.raises(DomainError) as confirming:
        await orders.ConfirmOrder(ConfirmOrderRequest(name=draft.name))
    with pytest.raises(DomainError) as cancelling:
        await orders.CancelOrder(CancelOrderRequest(name=draft.name))
    for error, to in ((confirming, "CONFIRMED"), (cancelling, "CANCELLED")):
        assert (error.value.kind, error.value.reason) == (
            Kind.FAILED_PRECONDITION,
            "ORDER_STATE",
        )
        assert error.value.metadata == {"resource": "orders/1", "from": "CANCELLED", "to": to}


async def test_an_order_without_lines_is_a_draft_and_no_more(orders: OrderServiceStub) -> None:
    draft = await orders.CreateOrder(create_order(id="1"))
    with pytest.raises(DomainError) as later:
        await orders.ConfirmOrder(ConfirmOrderRequest(name=draft.name))
    with pytest.raises(DomainError) as at_once:
        await orders.CreateOrder(create_order(confirm=True))
    for error in (later, at_once):
        assert (error.value.kind, error.value.reason) == (
            Kind.FAILED_PRECONDITION,
            "ORDER_EMPTY",
        )


async def test_what_has_changed_since_it_was_read_is_neither_confirmed_nor_cancelled(
    orders: OrderServiceStub,
) -> None:
    draft = await orders.CreateOrder(create_order(line(), id="1"))
    await orders.ConfirmOrder(ConfirmOrderRequest(name=draft.name))
    with pytest.raises(DomainError) as error:
        await orders.CancelOrder(CancelOrderRequest(name=draft.name, etag=draft.etag))
    assert (error.value.kind, error.value.reason) == (Kind.ABORTED, "ETAG_MISMATCH")


async def test_a_verb_sent_again_gets_the_first_answer(orders: OrderServiceStub) -> None:
    draft = await orders.CreateOrder(create_order(line(), id="1"))
    confirm = ConfirmOrderRequest(name=draft.name, request_id="confirm")
    cancel = CancelOrderRequest(name=draft.name, request_id="cancel")
    assert await orders.ConfirmOrder(confirm) == await orders.ConfirmOrder(confirm)
    assert await orders.CancelOrder(cancel) == await orders.CancelOrder(cancel)


async def test_an_order_that_is_not_there_is_not_found(orders: OrderServiceStub) -> None:
    for call in (
        orders.GetOrder(GetOrderRequest(name="orders/none")),
        orders.ConfirmOrder(ConfirmOrderRequest(name="orders/none")),
        orders.CancelOrder(CancelOrderRequest(name="orders/none")),
    ):
        with pytest.raises(DomainError) as error:
            await call
        assert (error.value.kind, error.value.reason) == (Kind.NOT_FOUND, "NOT_FOUND")


async def test_an_order_of_2000_lines_goes_in_and_out(orders: OrderServiceStub) -> None:
    lines = [line(number + 1, "0.01", "abc"[number % 3]) for number in range(2_000)]
    created = await orders.CreateOrder(create_order(*lines, confirm=True))
    read = await orders.GetOrder(GetOrderRequest(name=created.name))
    assert [each.quantity for each in read.lines] == list(range(1, 2_001))
    assert read.net_amount == money("20010")
