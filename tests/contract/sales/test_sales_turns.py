"""The heaviest batches of orders: nobody else waits for all of them."""

from __future__ import annotations

import pytest
from guanxi.sales.v1.orders_pb2 import BatchCreateOrdersRequest, CreateOrderRequest, Order

from tests.support.held import held_ms
from tests.support.sales import line
from tests.support.services import RunningService

# As in tests/contract/customer/test_customers_turns.py.
MOST_MS = 80


@pytest.mark.parametrize("validate_only", [True, False])
async def test_a_full_batch_of_orders_lets_others_in(
    sales: RunningService, validate_only: bool
) -> None:
    lines = [line(number, f"{number}.37", description="灯") for number in range(1, 41)]
    items = [
        CreateOrderRequest(order_id=f"o{number}", order=Order(currency_code="EUR", lines=lines))
        for number in range(1000)
    ]
    request = BatchCreateOrdersRequest(requests=items, validate_only=validate_only)
    path = "/guanxi.sales.v1.OrderService/BatchCreateOrders"
    assert await held_ms(sales, path, request) < MOST_MS
