"""BatchCreateOrders: how an import writes orders, again and again if it must."""

import asyncio
from typing import Any

import pytest
from google.protobuf.field_mask_pb2 import FieldMask
from guanxi.sales.v1.orders_pb2 import (
    ORDER_VIEW_FULL,
    ORDER_VIEW_MINIMAL,
    BatchCreateOrdersRequest,
    CreateOrderRequest,
    GetOrderRequest,
    ListOrdersRequest,
    Order,
    SummarizeOrdersRequest,
)
from guanxi.sales.v1.orders_pb2_grpc import OrderServiceStub
from guanxi.sales.v1.products_pb2 import Product, UpdateProductRequest
from guanxi.sales.v1.products_pb2_grpc import ProductServiceStub

from services.chassis.errors import DomainError
from services.chassis.status import from_status
from tests.support.sales import create_order, info_of, line, money, reason_of


def batch(*requests: CreateOrderRequest, **more: Any) -> BatchCreateOrdersRequest:
    return BatchCreateOrdersRequest(requests=requests, **more)


async def test_of_a_batch_the_good_items_go_in_and_the_bad_ones_are_named(
    orders: OrderServiceStub,
) -> None:
    await orders.CreateOrder(create_order(line(), id="there"))
    reply = await orders.BatchCreateOrders(
        batch(
            create_order(line(2, "3", "a"), id="first", confirm=True),
            create_order(line(), id="there"),
            create_order(line(1, "1", "none")),
            create_order(line(0)),
            create_order(confirm=True),
            create_order(line(), request_id="mine"),
            create_order(line(), customer="nobody"),
            create_order(line(), currency_code="GBP"),
            create_order(line(-1, "3", "a"), id="back", original_order="orders/first"),
        )
    )
    assert [order.name for order in reply.orders] == ["orders/first", "orders/back"]
    assert {index: reason_of(each) for index, each in reply.failed_requests.items()} == {
        1: "ALREADY_EXISTS",
        2: "PRODUCT_NOT_FOUND",
        3: "VALIDATION_FAILED",
        4: "ORDER_EMPTY",
        5: "REQUEST_ID_IN_ITEM",
        6: "VALIDATION_FAILED",
        7: "EXCHANGE_RATE_REQUIRED",
    }
    fields = {
        index: [each.field for each in from_status(status).violations]
        for index, status in reply.failed_requests.items()
    }
    assert fields[2] == ["order.lines[0].product"]
    assert fields[3] == ["order.lines[0].quantity"]
    assert fields[6] == ["order.customer"]


async def test_a_second_import_of_the_same_orders_changes_nothing(
    orders: OrderServiceStub,
) -> None:
    wanted = [create_order(line(number, "1", "a"), id=str(number)) for number in range(1, 4)]
    await orders.BatchCreateOrders(batch(*wanted))
    before = await orders.ListOrders(ListOrdersRequest())
    wanted[2].order.reference = "changed"
    reply = await orders.BatchCreateOrders(batch(*wanted))
    assert not reply.orders
    unchanged = [info_of(reply.failed_requests[index]).metadata["unchanged"] for index in range(3)]
    assert unchanged == ["true", "true", "false"]
    assert await orders.ListOrders(ListOrdersRequest()) == before


async def test_an_id_that_comes_twice_in_one_batch_is_taken_the_second_time(
    orders: OrderServiceStub,
) -> None:
    same, other = create_order(line(), id="1"), create_order(line(2), id="1")
    reply = await orders.BatchCreateOrders(batch(same, same, other))
    assert len(reply.orders) == 1
    assert info_of(reply.failed_requests[1]).metadata["unchanged"] == "true"
    assert info_of(reply.failed_requests[2]).metadata["unchanged"] == "false"


async def test_an_id_whose_first_item_was_refused_is_still_free(orders: OrderServiceStub) -> None:
    reply = await orders.BatchCreateOrders(
        batch(create_order(line(1, "1", "none"), id="1"), create_order(line(), id="1"))
    )
    assert [order.name for order in reply.orders] == ["orders/1"]


async def test_a_batch_that_is_validated_only_shows_what_would_become_and_changes_nothing(
    orders: OrderServiceStub,
) -> None:
    reply = await orders.BatchCreateOrders(
        batch(
            create_order(line(2, "3", "a"), id="1"),
            create_order(line(1, "1", "none")),
            validate_only=True,
        )
    )
    assert [order.net_amount for order in reply.orders] == [money("6")]
    assert list(reply.failed_requests) == [1]
    with pytest.raises(DomainError):
        await orders.GetOrder(GetOrderRequest(name="orders/1"))


async def test_orders_come_back_without_lines_unless_the_view_is_full(
    orders: OrderServiceStub,
) -> None:
    basic = await orders.BatchCreateOrders(batch(create_order(line(), line())))
    assert (len(basic.orders[0].lines), basic.orders[0].line_count) == (0, 2)
    full = await orders.BatchCreateOrders(batch(create_order(line(), line()), view=ORDER_VIEW_FULL))
    assert (len(full.orders[0].lines), full.orders[0].line_count) == (2, 2)


async def test_an_importer_may_have_no_more_than_names_states_and_etags_back(
    orders: OrderServiceStub,
) -> None:
    reply = await orders.BatchCreateOrders(batch(create_order(line()), view=ORDER_VIEW_MINIMAL))
    [minimal] = reply.orders
    stored = await orders.GetOrder(GetOrderRequest(name=minimal.name))
    assert minimal == Order(name=stored.name, state=stored.state, etag=stored.etag)


async def test_past_orders_of_products_no_longer_sold_are_imported(
    orders: OrderServiceStub, products: ProductServiceStub
) -> None:
    await products.UpdateProduct(
        UpdateProductRequest(
            product=Product(name="products/a"), update_mask=FieldMask(paths=["active"])
        )
    )
    reply = await orders.BatchCreateOrders(batch(create_order(line(1, "1", "a"))))
    assert not reply.failed_requests


async def test_a_batch_sent_again_gets_the_first_answer(orders: OrderServiceStub) -> None:
    request = batch(create_order(line()), create_order(line(0)), request_id="once")
    assert await orders.BatchCreateOrders(request) == await orders.BatchCreateOrders(request)
    assert len((await orders.ListOrders(ListOrdersRequest())).orders) == 1


@pytest.mark.parametrize("size", [0, 1_001])
async def test_a_batch_has_1_to_1000_items(orders: OrderServiceStub, size: int) -> None:
    with pytest.raises(DomainError) as error:
        await orders.BatchCreateOrders(batch(*[create_order(line())] * size))
    assert error.value.reason == "VALIDATION_FAILED"


async def test_two_imports_of_the_same_orders_at_once_create_them_once(
    orders: OrderServiceStub,
) -> None:
    wanted = [create_order(line(2, "1", "a"), id=str(number), confirm=True) for number in range(50)]
    replies = await asyncio.gather(
        *(orders.BatchCreateOrders(batch(*wanted[start:])) for start in (0, 10, 20, 30))
    )
    assert sum(len(reply.orders) for reply in replies) == 50
    refused = [each for reply in replies for each in reply.failed_requests.values()]
    assert {info_of(each).metadata["unchanged"] for each in refused} == {"true"}
    totals = await orders.SummarizeOrders(SummarizeOrdersRequest())
    assert (totals.order_count, totals.base_net_amount) == (50, money("100"))


async def test_1000_orders_with_20_lines_each_go_in_at_once(orders: OrderServiceStub) -> None:
    lines = [line(1, "1.25", "abc"[number % 3]) for number in range(20)]
    wanted = [create_order(*lines, id=str(number), confirm=True) for number in range(1_000)]
    reply = await orders.BatchCreateOrders(batch(*wanted))
    assert {order.state for order in reply.orders} == {Order.CONFIRMED}
    totals = await orders.SummarizeOrders(SummarizeOrdersRequest())
    assert (totals.order_count, totals.base_net_amount) == (1_000, money("25000"))
