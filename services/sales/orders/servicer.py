"""Transport room of orders: message ↔ model, one transaction per call. No rule, no SQL."""

from typing import Any

from guanxi.sales.v1 import orders_pb2, orders_pb2_grpc

from services.chassis.batches import failed_requests, read_items
from services.chassis.clock import BusinessCalendar
from services.chassis.creation import New
from services.chassis.ids import Ids
from services.chassis.lists.listing import Listing
from services.chassis.lists.paging import size_of_page
from services.chassis.store import Store, WriteTransaction
from services.chassis.timestamps import expect_since
from services.chassis.turns import taking_turns
from services.sales.accounts.actions import Accounts
from services.sales.accounts.model import Customers
from services.sales.orders import actions, messages, store
from services.sales.orders.messages import shown, to_message
from services.sales.orders.model import Draft
from services.sales.products.store import SeenProducts

__all__ = ["OrderServicer"]

# A line has 2.2 kB at most, an answer 16 MB.
_MOST_LINES = 7_000


class OrderServicer(orders_pb2_grpc.OrderServiceServicer):
    """Serves guanxi.sales.v1.OrderService."""

    def __init__(
        self,
        database: Store,
        accounts: Accounts,
        *,
        base_currency: str,
        calendar: BusinessCalendar,
        ids: Ids,
    ) -> None:
        self._store = database
        self._accounts = accounts
        self._base_currency = base_currency
        self._calendar = calendar
        self._ids = ids
        self._seen = SeenProducts()

    async def CreateOrder(
        self, request: orders_pb2.CreateOrderRequest, context: Any
    ) -> orders_pb2.Order:
        new = self._read(request)

        async def work(tx: WriteTransaction, customers: Customers) -> orders_pb2.Order:
            return to_message(await actions.create_order(tx, new, self._seen, customers))

        return await self._store.answer_asking(
            request, orders_pb2.Order, lambda: self._accounts.in_sight({new.draft.customer}), work
        )

    async def BatchCreateOrders(
        self, request: orders_pb2.BatchCreateOrdersRequest, context: Any
    ) -> orders_pb2.BatchCreateOrdersResponse:
        new, refused = await read_items(request.requests, self._read)
        to_come = request.allow_unknown_customers
        look_up = self._accounts.in_sight_or_to_come if to_come else self._accounts.in_sight

        async def work(
            tx: WriteTransaction, customers: Customers
        ) -> orders_pb2.BatchCreateOrdersResponse:
            outcomes = await actions.import_orders(
                tx, new, self._seen, customers, validate_only=request.validate_only
            )
            return orders_pb2.BatchCreateOrdersResponse(
                orders=[
                    shown(order, request.view) async for order in taking_turns(outcomes.created)
                ],
                failed_requests=await failed_requests(request, refused | outcomes.refused),
            )

        return await self._store.answer_asking(
            request,
            orders_pb2.BatchCreateOrdersResponse,
            lambda: look_up({each.draft.customer for each in new.values()}),
            work,
        )

    async def GetOrder(self, request: orders_pb2.GetOrderRequest, context: Any) -> orders_pb2.Order:
        async with self._store.read() as tx:
            return to_message(await store.get_with_lines(tx, request.name))

    async def ListOrders(
        self, request: orders_pb2.ListOrdersRequest, context: Any
    ) -> orders_pb2.ListOrdersResponse:
        most_lines = _MOST_LINES if request.view == orders_pb2.ORDER_VIEW_FULL else None
        async with self._store.read() as tx:
            page = await store.page(tx, Listing.of(request, self._calendar), most_lines=most_lines)
        return orders_pb2.ListOrdersResponse(
            orders=[shown(order, request.view) async for order in taking_turns(page.rows)],
            next_page_token=page.next_page_token,
        )

    async def ConfirmOrder(
        self, request: orders_pb2.ConfirmOrderRequest, context: Any
    ) -> orders_pb2.Order:
        async def work(tx: WriteTransaction) -> orders_pb2.Order:
            return to_message(await actions.confirm_order(tx, request.name, request.etag))

        return await self._store.answer(request, orders_pb2.Order, work)

    async def CancelOrder(
        self, request: orders_pb2.CancelOrderRequest, context: Any
    ) -> orders_pb2.Order:
        async def work(tx: WriteTransaction) -> orders_pb2.Order:
            return to_message(
                await actions.cancel_order(tx, request.name, request.etag, request.reason)
            )

        return await self._store.answer(request, orders_pb2.Order, work)

    async def ListPurchases(
        self, request: orders_pb2.ListPurchasesRequest, context: Any
    ) -> orders_pb2.ListPurchasesResponse:
        start, end = messages.period(request)
        async with self._store.read() as tx:
            purchases = await store.purchases_of(
                tx,
                request.parent,
                start=start,
                end=end,
                most=size_of_page(request.page_size, default=10),
            )
        return messages.purchases_reply(purchases, self._base_currency)

    async def SummarizeOrders(
        self, request: orders_pb2.SummarizeOrdersRequest, context: Any
    ) -> orders_pb2.SummarizeOrdersResponse:
        async with self._store.read() as tx:
            totals = await store.add_up(tx, Listing.of(request, self._calendar))
        return messages.totals_reply(totals, self._base_currency)

    def _read(self, request: orders_pb2.CreateOrderRequest) -> New[Draft]:
        new = messages.new_order(request, base_currency=self._base_currency, ids=self._ids)
        expect_since(self._calendar.beginning, request.order, "order_time", beneath="order")
        return new
