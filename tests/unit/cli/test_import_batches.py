"""How items are put into requests: none too large, each with the index of its first item."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from guanxi.sales.v1.orders_pb2 import BatchCreateOrdersRequest, CreateOrderRequest

from cli.imports.orders import PendingOrder, order_batches
from cli.imports.sending import cut


def _requests(items: Sequence[CreateOrderRequest]) -> BatchCreateOrdersRequest:
    return BatchCreateOrdersRequest(requests=items)


@pytest.mark.parametrize(
    ("count", "firsts"),
    [(0, []), (1, [0]), (1_000, [0]), (1_001, [0, 1_000]), (2_500, [0, 1_000, 2_000])],
)
def test_a_request_has_a_thousand_items_and_all_are_sent_in_order(
    count: int, firsts: list[int]
) -> None:
    items = [CreateOrderRequest(order_id=str(number)) for number in range(count)]
    batches = list(cut(items, _requests))
    assert [first for first, _ in batches] == firsts
    assert [item.order_id for _, each in batches for item in each.requests] == [
        item.order_id for item in items
    ]
    assert all(len(each.requests) <= 1_000 for _, each in batches)


@pytest.mark.parametrize(
    ("line_counts", "sizes"),
    [
        ([], []),
        ([1] * 1_000, [1_000]),
        ([1] * 1_001, [1_000, 1]),
        ([1] * 2_001, [1_000, 1_000, 1]),
        ([4_000, 4_000], [2]),
        ([4_000, 4_001], [1, 1]),
        # What is counted begins anew with each request.
        ([8_000, 1, 7_999, 1], [1, 2, 1]),
        ([8_000, 1, 7_998, 1, 1], [1, 3, 1]),
        # An order is never cut, however long.
        ([9_000, 9_000], [1, 1]),
    ],
)
def test_a_request_has_a_thousand_orders_or_eight_thousand_lines(
    line_counts: list[int], sizes: list[int]
) -> None:
    orders = [
        PendingOrder(
            "o", count, "", CreateOrderRequest(order_id=str(number)), rows=list(range(2, 2 + count))
        )
        for number, count in enumerate(line_counts)
    ]
    batches = list(order_batches(orders, validate_only=False))
    assert [len(each.requests) for _, each in batches] == sizes
    assert [first for first, _ in batches] == [sum(sizes[:at]) for at in range(len(sizes))]
    sent = [item.order_id for _, each in batches for item in each.requests]
    assert sent == [str(number) for number in range(len(line_counts))]


@pytest.mark.parametrize("validate_only", [True, False])
def test_every_request_of_orders_says_whether_it_is_only_to_be_looked_at(
    validate_only: bool,
) -> None:
    orders = [PendingOrder("o", 1, "", rows=[2]) for _ in range(1_001)]
    for _, request in order_batches(orders, validate_only=validate_only):
        assert request.validate_only == validate_only
        assert request.allow_unknown_customers
