"""Requests that mean harm: refused with what is wrong, in no time, whatever they are made of."""

from __future__ import annotations

import asyncio
import resource
import time
from collections.abc import AsyncIterator, Callable
from typing import Any

import grpc
import pytest
from guanxi.sales.v1.orders_pb2 import BatchCreateOrdersRequest, CreateOrderRequest, Order
from guanxi.sales.v1.products_pb2 import (
    BatchCreateProductsRequest,
    BatchCreateProductsResponse,
    CreateProductRequest,
    Product,
)

from services.chassis.errors import Kind
from services.chassis.status import from_status
from tests.support.chassis import Token
from tests.support.refusals import refusal
from tests.support.services import RunningService

CREATE_ORDERS = "/guanxi.sales.v1.OrderService/BatchCreateOrders"
CREATE_PRODUCTS = "/guanxi.sales.v1.ProductService/BatchCreateProducts"
# Time of the processor, a few times what is meant; each of these took seconds to minutes.
LONGEST_SECONDS = 0.5

Send = Callable[[str, bytes], "asyncio.Task[bytes]"]


@pytest.fixture
async def send(sales: RunningService) -> AsyncIterator[Send]:
    token = Token(roles=("admin",)).token()
    options = [("grpc.max_send_message_length", -1)]
    async with grpc.aio.insecure_channel(sales.target, options=options) as channel:

        async def call(method: str, data: bytes) -> bytes:
            metadata = (("authorization", f"Bearer {token}"),)
            send_bytes: Any = channel.unary_unary(method)
            reply: bytes = await send_bytes(data, metadata=metadata, timeout=60)
            return reply

        yield lambda method, data: asyncio.create_task(call(method, data))


async def longest_pause(task: asyncio.Task[bytes]) -> float:
    """How long the loop, which is the service's too, was held at most until the task ended."""
    longest, last = 0.0, time.thread_time()
    while not task.done():
        await asyncio.sleep(0.001)
        now = time.thread_time()
        longest, last = max(longest, now - last), now
    return longest


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"\x0a\x00" * 400_000, "VALIDATION_FAILED"),
        (b"\x0a\x00" * 7_500_000, "REQUEST_TOO_LARGE"),
        (b"\x0a\x80\x80\x40\x0a\xfc\xff\x3f" + b"\x3a\x00" * 524_286, "REQUEST_TOO_MANY_PARTS"),
        (b"\x7a\x00" * 2_000_000, "REQUEST_TOO_MANY_PARTS"),
    ],
    ids=["empty items", "15 MB of empty items", "empty lines of one order", "unknown fields"],
)
async def test_more_than_a_request_may_hold_is_refused_at_once(
    send: Send, data: bytes, reason: str
) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    sent = send(CREATE_ORDERS, data)
    assert await longest_pause(sent) < LONGEST_SECONDS
    error = await refusal(sent)
    assert (error.kind, error.reason) == (Kind.INVALID_ARGUMENT, reason)
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown < 200_000, f"{grown} kB more for {len(data) // 1000} kB"


async def test_many_items_that_are_wrong_are_refused_one_by_one(send: Send) -> None:
    items = [CreateOrderRequest()] * 1000
    sent = send(CREATE_ORDERS, BatchCreateOrdersRequest(requests=items).SerializeToString())
    assert await longest_pause(sent) < LONGEST_SECONDS
    await sent


async def test_a_control_character_refuses_its_item_only(send: Send) -> None:
    items = [
        CreateProductRequest(product=Product(display_name=text), product_id=f"p{number}")
        for number, text in enumerate(["Nut", "Bolt\0", "Gear"])
    ]
    reply = BatchCreateProductsResponse.FromString(
        await send(CREATE_PRODUCTS, BatchCreateProductsRequest(requests=items).SerializeToString())
    )
    assert [each.name for each in reply.products] == ["products/p0", "products/p2"]
    error = from_status(reply.failed_requests[1])
    assert error.reason == "TEXT_CONTROL_CHARACTER"
    assert [each.field for each in error.violations] == ["product.display_name"]


async def test_a_control_character_of_the_batch_itself_refuses_it(send: Send) -> None:
    request = BatchCreateOrdersRequest(requests=[CreateOrderRequest(order=Order())])
    request.request_id = "\0"
    error = await refusal(send(CREATE_ORDERS, request.SerializeToString()))
    assert error.reason == "TEXT_CONTROL_CHARACTER"
    assert [each.field for each in error.violations] == ["request_id"]


async def test_a_batch_without_items_is_refused(send: Send) -> None:
    error = await refusal(send(CREATE_ORDERS, b"\x10\x01"))
    assert [each.field for each in error.violations] == ["requests"]
