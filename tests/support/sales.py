"""Sales messages as tests write them: what a test does not say is something ordinary."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from google.protobuf.timestamp_pb2 import Timestamp
from google.rpc.error_details_pb2 import ErrorInfo
from google.rpc.status_pb2 import Status
from google.type.money_pb2 import Money
from guanxi.customer.v1 import customers_pb2
from guanxi.sales.v1 import orders_pb2, products_pb2
from guanxi.sales.v1.orders_pb2_grpc import OrderServiceStub

from services.chassis.errors import DomainError, Kind, not_found
from services.chassis.money import NANOS
from services.chassis.status import from_status
from tests.support.services import RunningService


class AskedCustomers:
    """The customer service as sales asks it: everybody is there but those who are `missing`.

    `owned` says who looks after them: `{"customers/ann": ("users/ann", "teams/north")}`.
    """

    def __init__(self) -> None:
        self.owned: dict[str, tuple[str, str]] = {}
        self.missing: set[str] = set()
        self.deleted: set[str] = set()
        self.away = False
        self.asked: list[list[str]] = []

    async def BatchGetCustomers(
        self,
        request: customers_pb2.BatchGetCustomersRequest,
        *,
        timeout: float | None = None,  # noqa: ASYNC109 - gRPC's own parameter
    ) -> customers_pb2.BatchGetCustomersResponse:
        self.asked.append(list(request.names))
        if self.away:
            raise DomainError(Kind.UNAVAILABLE, "UNAVAILABLE", "connection refused")
        there = [name for name in request.names if name not in self.missing]
        if len(there) < len(request.names) and not request.allow_missing:
            raise not_found(next(iter(self.missing)))
        return customers_pb2.BatchGetCustomersResponse(customers=map(self._customer, there))

    def _customer(self, name: str) -> customers_pb2.Customer:
        deleted = Timestamp(seconds=1) if name in self.deleted else None
        owner, team = self.owned.get(name, ("", ""))
        return customers_pb2.Customer(name=name, owner=owner, team=team, delete_time=deleted)


async def orders_as(
    sales: RunningService, user: str, *, role: str = "rep", team: str = "north"
) -> OrderServiceStub:
    """The stub of one who is not the admin."""
    channel = await sales.channel(f"users/{user}", role=role, team=f"teams/{team}")
    return OrderServiceStub(channel)


def money(text: str, currency: str = "EUR") -> Money:
    """`money("-2.55")`."""
    units, nanos = divmod(abs(int(Decimal(text).scaleb(9))), NANOS)
    sign = -1 if text.startswith("-") else 1
    return Money(currency_code=currency, units=sign * units, nanos=sign * nanos)


def line(
    quantity: int = 1, price: str = "1.00", product: str = "", currency: str = "EUR", **more: Any
) -> orders_pb2.OrderLine:
    return orders_pb2.OrderLine(
        product=f"products/{product}" if product else "",
        quantity=quantity,
        unit_price=money(price, currency),
        **more,
    )


def create_order(
    *lines: orders_pb2.OrderLine,
    id: str = "",
    confirm: bool = False,
    request_id: str = "",
    currency_code: str = "EUR",
    **more: Any,
) -> orders_pb2.CreateOrderRequest:
    order = orders_pb2.Order(lines=lines, currency_code=currency_code, **more)
    return orders_pb2.CreateOrderRequest(
        order=order, order_id=id, confirm=confirm, request_id=request_id
    )


def create_product(
    id: str = "", display_name: str = "Lantern", **more: Any
) -> products_pb2.CreateProductRequest:
    product = products_pb2.Product(display_name=display_name, **more)
    return products_pb2.CreateProductRequest(product=product, product_id=id)


def reason_of(status: Status) -> str:
    """The reason of one refused item of a batch."""
    return from_status(status).reason


def info_of(status: Status) -> ErrorInfo:
    info = ErrorInfo()
    status.details[0].Unpack(info)
    return info
