"""ListOrders, ListPurchases and SummarizeOrders: what is shown, in which order, and added up."""

from datetime import UTC, datetime
from typing import Any

import pytest
from guanxi.sales.v1.orders_pb2 import (
    ORDER_VIEW_FULL,
    ORDER_VIEW_MINIMAL,
    CancelOrderRequest,
    GetOrderRequest,
    ListOrdersRequest,
    ListPurchasesRequest,
    Order,
    SummarizeOrdersRequest,
)
from guanxi.sales.v1.orders_pb2_grpc import OrderServiceStub
from guanxi.sales.v1.products_pb2 import ListProductsRequest
from guanxi.sales.v1.products_pb2_grpc import ProductServiceStub
from sqlalchemy import delete, insert, select

from services.chassis.caller import Caller
from services.chassis.errors import DomainError, Kind
from services.chassis.store import WriteTransaction, sqlite
from services.chassis.timestamps import to_timestamp
from services.sales.orders.store.orders import order_lines
from tests.support.in_turn import in_turn
from tests.support.sales import create_order, line, money
from tests.support.services import RunningService


def on(month: int, day: int = 1) -> Any:
    return to_timestamp(datetime(2025, month, day, 12, tzinfo=UTC))


@pytest.fixture
async def year(orders: OrderServiceStub) -> OrderServiceStub:
    """Acme buys in January, March and, in pounds, May; returns in June; a walk-in in April; a
    draft in July; something called off in August; something of another customer in September."""
    acme: dict[str, Any] = {"customer": "customers/acme", "confirm": True}
    pounds: dict[str, Any] = {"currency_code": "GBP", "exchange_rate": "1.5"}
    for request in (
        create_order(line(10, "2", "a", description="Lamp"), id="jan", order_time=on(1), **acme),
        create_order(
            line(1, "50", "b"), line(2, "2", "a", description="Old lamp"),
            id="mar", order_time=on(3), **acme,
        ),
        create_order(
            line(1, "0.01", "b", currency="GBP"), line(1, "0.02", "b", currency="GBP"),
            id="may", order_time=on(5), **acme, **pounds,
        ),
        create_order(
            line(-4, "2", "a", description="Returned lamp"), line(1, "-7"),
            id="jun", order_time=on(6), original_order="orders/jan", **acme,
        ),
        create_order(line(1, "1000", "c"), id="apr", order_time=on(4), confirm=True),
        create_order(line(1, "500", "c"), id="jul", order_time=on(7), customer="customers/acme"),
        create_order(line(1, "500", "c"), id="aug", order_time=on(8), **acme),
        create_order(
            line(1, "5", "c"), id="sep", order_time=on(9), confirm=True, customer="customers/zed"
        ),
    ):  # fmt: skip
        await orders.CreateOrder(request)
    await orders.CancelOrder(CancelOrderRequest(name="orders/aug"))
    return orders


async def listed(orders: OrderServiceStub, **request: Any) -> list[str]:
    """The ids of all pages, two orders a page."""
    ids: list[str] = []
    asked = ListOrdersRequest(page_size=2, **request)
    while True:
        page = await orders.ListOrders(asked)
        ids += [order.name.removeprefix("orders/") for order in page.orders]
        if not page.next_page_token:
            return ids
        asked.page_token = page.next_page_token


@in_turn(
    ("filter_", "order_by", "ids"),
    [
        ("", "", "sep aug jul jun may apr mar jan"),
        ('customer = "customers/acme" AND state = CONFIRMED', "order_time", "jan mar may jun"),
        ('customer = ""', "", "apr"),
        ("base_net_amount < 0", "", "jun"),
        ("net_amount >= 500", "base_net_amount desc, order_time", "apr jul aug"),
        ("order_time >= 2025-03-01 AND order_time < 2025-05-01", "", "apr mar"),
        ("currency_code = GBP OR state = DRAFT", "", "jul may"),
        ('original_order = "orders/jan"', "", "jun"),
        ('name = "orders/a*"', "", "aug apr"),
        ('NOT state = CONFIRMED AND seller = "users/ann"', "", "aug jul"),
        ('create_time >= 2026-03-02 AND team = "teams/north" AND reference = ""', "create_time",
         "apr aug jan jul jun mar may sep"),
    ],
)  # fmt: skip
async def test_orders_are_filtered_and_ordered_page_by_page(
    year: OrderServiceStub, filter_: str, order_by: str, ids: str
) -> None:
    assert await listed(year, filter=filter_, order_by=order_by) == ids.split()


async def test_a_list_has_lines_in_the_full_view_only(year: OrderServiceStub) -> None:
    march = 'name = "orders/mar"'
    [basic] = (await year.ListOrders(ListOrdersRequest(filter=march))).orders
    assert (len(basic.lines), basic.line_count) == (0, 2)
    [full] = (await year.ListOrders(ListOrdersRequest(filter=march, view=ORDER_VIEW_FULL))).orders
    assert [each.product for each in full.lines] == ["products/b", "products/a"]
    [minimal] = (
        await year.ListOrders(ListOrdersRequest(filter=march, view=ORDER_VIEW_MINIMAL))
    ).orders
    assert minimal == Order(name=full.name, state=full.state, etag=full.etag)
    empty = await year.ListOrders(
        ListOrdersRequest(filter='name = "orders/none"', view=ORDER_VIEW_FULL)
    )
    assert not empty.orders


@pytest.fixture
def backwards(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is asked for without an order comes the other way round; as SQLite offers it."""
    pragmas = (*sqlite._READER_PRAGMAS, "PRAGMA reverse_unordered_selects = ON")
    monkeypatch.setattr(sqlite, "_READER_PRAGMAS", pragmas)


@pytest.mark.usefixtures("backwards")
async def test_lines_come_in_their_order_however_they_were_written(
    sales: RunningService, orders: OrderServiceStub
) -> None:
    names = [
        (await orders.CreateOrder(create_order(line(1, "1"), line(2, "1")))).name for _ in "ab"
    ]

    async def write_backwards(tx: WriteTransaction) -> None:
        everything = tx.unscoped()
        rows = await everything.all(select(order_lines).order_by(order_lines.c.position.desc()))
        await everything.run(delete(order_lines))
        for row in rows:
            await everything.run(insert(order_lines).values(row._mapping))

    await sales.store.write(write_backwards, caller=Caller.system("test"))
    page = await orders.ListOrders(ListOrdersRequest(view=ORDER_VIEW_FULL))
    assert sorted(each.name for each in page.orders) == sorted(names)
    assert [[each.quantity for each in order.lines] for order in page.orders] == [[1, 2], [1, 2]]
    one = await orders.GetOrder(GetOrderRequest(name=names[0]))
    assert [each.quantity for each in one.lines] == [1, 2]


async def test_a_page_with_lines_ends_before_it_is_too_much_to_send(
    orders: OrderServiceStub,
) -> None:
    many = [line(1, "1")] * 2_000
    for _ in range(4):
        await orders.CreateOrder(create_order(*many))
    sizes: list[list[int]] = []
    token = ""
    while not sizes or token:
        page = await orders.ListOrders(ListOrdersRequest(view=ORDER_VIEW_FULL, page_token=token))
        sizes.append([len(each.lines) for each in page.orders])
        token = page.next_page_token
    assert sizes == [[2_000] * 3, [2_000]]
    basic = await orders.ListOrders(ListOrdersRequest())
    assert (len(basic.orders), basic.next_page_token) == (4, "")


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"filter": "state = DRAFT"}, "filter"),
        ({"order_by": "create_time"}, "order_by"),
        ({"view": ORDER_VIEW_FULL}, "view"),
    ],
)
async def test_the_next_page_of_another_question_is_refused(
    year: OrderServiceStub, change: dict[str, Any], field: str
) -> None:
    first = await year.ListOrders(ListOrdersRequest(page_size=1))
    with pytest.raises(DomainError) as error:
        await year.ListOrders(ListOrdersRequest(page_token=first.next_page_token, **change))
    assert (error.value.kind, error.value.reason) == (
        Kind.INVALID_ARGUMENT,
        "PAGE_TOKEN_MISMATCH",
    )
    assert error.value.violations[0].field == field


async def test_the_next_page_of_another_list_is_refused(
    year: OrderServiceStub, products: ProductServiceStub
) -> None:
    of_orders = (await year.ListOrders(ListOrdersRequest(page_size=1))).next_page_token
    of_products = (await products.ListProducts(ListProductsRequest(page_size=1))).next_page_token
    for asked in (
        products.ListProducts(ListProductsRequest(page_token=of_orders)),
        year.ListOrders(ListOrdersRequest(page_token=of_products)),
    ):
        with pytest.raises(DomainError) as error:
            await asked
        assert (error.value.kind, error.value.reason) == (
            Kind.INVALID_ARGUMENT,
            "PAGE_TOKEN_MISMATCH",
        )
        assert error.value.violations[0].field == "page_token"


@in_turn(
    ("request_", "reason"),
    [
        ({"filter": "colour = red"}, "FILTER_UNKNOWN_FIELD"),
        ({"filter": "state = LOST"}, "FILTER_UNKNOWN_VALUE"),
        ({"filter": "net_amount = much"}, "FILTER_VALUE"),
        ({"order_by": "customer"}, "ORDER_BY_UNKNOWN_FIELD"),
        ({"page_token": "made-up"}, "PAGE_TOKEN_INVALID"),
        ({"page_size": -1}, "VALIDATION_FAILED"),
    ],
)
async def test_a_list_that_makes_no_sense_is_refused(
    orders: OrderServiceStub, request_: dict[str, Any], reason: str
) -> None:
    with pytest.raises(DomainError) as error:
        await orders.ListOrders(ListOrdersRequest(**request_))
    assert (error.value.kind, error.value.reason) == (Kind.INVALID_ARGUMENT, reason)


async def test_only_orders_that_count_are_added_up_walk_ins_for_the_company_alone(
    year: OrderServiceStub,
) -> None:
    totals = await year.SummarizeOrders(SummarizeOrdersRequest())
    # 20 + 54 + 0.04 (0.03 × 1.5, half to even) − 15 + 5 of customers, 1,000 of a walk-in
    assert totals.order_count == 6
    assert totals.base_net_amount == money("1064.04")
    assert totals.identified_order_count == 5
    assert totals.identified_base_net_amount == money("64.04")
    assert totals.customer_count == 2


async def test_a_filter_narrows_what_is_added_up(year: OrderServiceStub) -> None:
    totals = await year.SummarizeOrders(SummarizeOrdersRequest(filter="base_net_amount > 50"))
    assert (totals.order_count, totals.base_net_amount) == (2, money("1054"))
    nothing = await year.SummarizeOrders(SummarizeOrdersRequest(filter="state = DRAFT"))
    assert (nothing.order_count, nothing.base_net_amount) == (0, money("0"))
    with pytest.raises(DomainError) as error:
        await year.SummarizeOrders(SummarizeOrdersRequest(filter="colour = red"))
    assert error.value.reason == "FILTER_UNKNOWN_FIELD"


async def test_purchases_are_net_of_returns_and_the_most_valuable_comes_first(
    year: OrderServiceStub,
) -> None:
    reply = await year.ListPurchases(ListPurchasesRequest(parent="customers/acme"))
    b, a = reply.purchases
    assert (b.product, b.quantity, b.order_count) == ("products/b", 3, 2)
    assert b.base_net_amount == money("50.04")
    assert b.last_order_time == on(5)
    assert (a.product, a.quantity, a.order_count) == ("products/a", 8, 3)
    assert a.base_net_amount == money("16")
    assert a.description == "Returned lamp"
    assert a.last_order_time == on(3)


async def test_purchases_of_a_period_are_those_from_its_start_until_before_its_end(
    year: OrderServiceStub,
) -> None:
    reply = await year.ListPurchases(
        ListPurchasesRequest(parent="customers/acme", start_time=on(3), end_time=on(5))
    )
    assert {each.product: each.quantity for each in reply.purchases} == {
        "products/b": 1,
        "products/a": 2,
    }
    returned = await year.ListPurchases(
        ListPurchasesRequest(parent="customers/acme", start_time=on(6), page_size=1)
    )
    assert [each.quantity for each in returned.purchases] == [-4]
    assert not returned.purchases[0].HasField("last_order_time")


async def test_a_page_of_more_than_the_most_is_a_page_of_the_most(year: OrderServiceStub) -> None:
    assert (await year.ListOrders(ListOrdersRequest(page_size=5_000))).orders
    request = ListPurchasesRequest(parent="customers/acme", page_size=5_000)
    assert (await year.ListPurchases(request)).purchases


async def test_a_customer_without_orders_has_no_purchases(orders: OrderServiceStub) -> None:
    reply = await orders.ListPurchases(ListPurchasesRequest(parent="customers/none"))
    assert not reply.purchases


async def test_a_period_outside_of_time_is_refused(orders: OrderServiceStub) -> None:
    request = ListPurchasesRequest(parent="customers/acme")
    request.end_time.seconds = 10**15
    with pytest.raises(DomainError) as error:
        await orders.ListPurchases(request)
    assert error.value.reason == "TIME_INVALID"
