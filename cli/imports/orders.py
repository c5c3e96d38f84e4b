"""Rows of order lines → orders, and the customers and products they speak of."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple
from zoneinfo import ZoneInfo

from google.protobuf.timestamp_pb2 import Timestamp
from guanxi.customer.v1.customers_pb2 import CreateCustomerRequest, Customer
from guanxi.sales.v1.orders_pb2 import (
    BatchCreateOrdersRequest,
    CreateOrderRequest,
    Order,
    OrderLine,
)
from guanxi.sales.v1.products_pb2 import CreateProductRequest, Product

from cli.imports.columns import Cells, Field, picker
from cli.imports.refusals import Refusals
from cli.imports.sources import Row
from cli.imports.values import (
    BadValue,
    Identifiers,
    in_collection,
    parse_money,
    parse_quantity,
    parse_time,
)

FIELDS = (
    Field("order", ("order_id", "invoice", "invoice_no", "order_number"), required=True),
    Field("order_time", ("invoice_time", "invoice_date", "order_date", "date"), required=True),
    Field("quantity", ("qty",), required=True),
    Field("unit_price", ("price",), required=True),
    Field("product", ("sku", "stock_code", "product_id")),
    Field("description", ("product_name",)),
    Field("customer", ("customer_id", "customer_number")),
    Field("customer_name", ("customer_display_name",)),
    Field("region", ("country",)),
    Field("currency", ("currency_code",)),
    Field("exchange_rate", ("rate",)),
    Field("original_order", ("original_invoice",)),
    Field("owner", ("seller", "sales_agent")),
)

_MAX_BATCH_ORDERS = 1_000
_MAX_BATCH_LINES = 8_000


class Priced(NamedTuple):
    """A line as it recurs in a file: all but its quantity, and the currency of its price."""

    line: OrderLine
    currency: str


@dataclass(slots=True)
class PendingOrder:
    """An order being collected: its head, its lines in the file, and what its rows agree on.

    Messages of lines are made when the order is sent: until the first one is, no service has work.
    """

    customer: str
    head: CreateOrderRequest = field(default_factory=CreateOrderRequest)
    currency: str = ""
    time: str = ""
    rows: list[int] = field(default_factory=list)
    priced: list[Priced] = field(default_factory=list)
    quantities: list[int] = field(default_factory=list)
    refusal: str = ""

    def write(self, request: CreateOrderRequest) -> None:
        """Writes the order into an empty request."""
        request.CopyFrom(self.head)
        append = request.order.lines.append  # which copies
        for (line, _), quantity in zip(self.priced, self.quantities, strict=True):
            line.quantity = quantity
            append(line)


@dataclass(slots=True)
class Collected:
    """All that a file of order lines holds."""

    row_count: int = 0
    orders: dict[str, PendingOrder] = field(default_factory=dict)
    customers: dict[str, CreateCustomerRequest] = field(default_factory=dict)
    products: dict[str, CreateProductRequest] = field(default_factory=dict)

    def ready(self) -> list[PendingOrder]:
        """The orders to send; those that name an original order come last, after the originals."""
        ready = [order for order in self.orders.values() if not order.refusal]
        return sorted(ready, key=lambda order: bool(order.head.order.original_order))


class Collector:
    """Collects order lines into orders. Rows of one order need not stand together. An order with
    a bad row is refused as a whole: without that line its amounts would be wrong."""

    def __init__(
        self, columns: dict[str, int], *, currency: str, zone: ZoneInfo, refusals: Refusals
    ) -> None:
        self._columns = columns
        self._order_cells = picker(columns, "order", "customer", "order_time", "quantity")
        self._line_cells = picker(columns, "unit_price", "product", "description", "currency")
        self._currency = currency
        self._zone = zone
        self._refusals = refusals
        self._order_ids = Identifiers("order")
        self._customer_ids = Identifiers("customer")
        self._product_ids = Identifiers("product")
        self._collected = Collected()
        # The same texts recur in every file: reading each once takes a third of the time.
        self._times: dict[str, Timestamp] = {}
        self._priced: dict[tuple[str, ...], Priced] = {}

    def collect(self, rows: Iterable[Row]) -> Collected:
        """Reads every row; refused ones are noted with their line and reason."""
        collected = self._collected
        orders, priced = collected.orders, self._priced
        for row in rows:
            key, customer, time, quantity = self._order_cells(row.values)
            order = orders.get(key)
            if order is None:
                order = orders[key] = PendingOrder(customer)
            order.rows.append(row.line)
            try:
                if len(order.rows) == 1:
                    self._begin(order, Cells(self._columns, row))
                if time != order.time or customer != order.customer:
                    self._check(order, customer, time)
                content = self._line_cells(row.values)
                line = priced.get(content) or self._price(content)
                if line.currency != order.currency:
                    raise BadValue(f"currency {line.currency} in an order in {order.currency}")
                order.quantities.append(parse_quantity(quantity))
                order.priced.append(line)
            except BadValue as bad:
                self._refuse(order, row.line, str(bad))
        for order in orders.values():
            collected.row_count += len(order.rows)
            if order.refusal:
                self._refusals.add(order.rows, order.refusal)
        return collected

    def _refuse(self, order: PendingOrder, line: int, reason: str) -> None:
        self._refusals.add((line,), reason)
        order.refusal = order.refusal or f"the order's line {line} was refused: {reason}"

    def _begin(self, pending: PendingOrder, cell: Cells) -> None:
        pending.head.order_id = self._order_ids.id_of(cell["order"])
        pending.head.confirm = True
        order = pending.head.order
        order.reference = cell["order"]
        order.currency_code = pending.currency = cell["currency"] or self._currency
        order.exchange_rate = cell["exchange_rate"]
        order.owner = in_collection("users", cell["owner"])
        if original := cell["original_order"]:
            order.original_order = f"orders/{self._order_ids.id_of(original)}"
        order.order_time.CopyFrom(self._time(cell["order_time"]))
        if cell["customer"]:
            order.customer = self._customer(order, cell)

    def _check(self, pending: PendingOrder, customer: str, time: str) -> None:
        """Rows of one order must agree on the customer; of their times the earliest counts, as
        some books stamp the lines of one order minutes apart."""
        if customer != pending.customer:
            raise BadValue(f"customer {customer!r} where the order began with {pending.customer!r}")
        if time != pending.time:
            moment = self._time(time)
            order = pending.head.order
            if not pending.time or moment.seconds < order.order_time.seconds:
                pending.time = time
                order.order_time.CopyFrom(moment)

    def _price(self, content: tuple[str, ...]) -> Priced:
        price, product, description, currency = (cell.strip() for cell in content)
        line = OrderLine(
            product=self._product(product, description),
            description=description,
            unit_price=parse_money(price, currency or self._currency),
        )
        priced = self._priced[content] = Priced(line, line.unit_price.currency_code)
        return priced

    def _customer(self, order: Order, cell: Cells) -> str:
        identifier = self._customer_ids.id_of(cell["customer"])
        request = self._collected.customers.get(identifier)
        if request is None:
            self._collected.customers[identifier] = CreateCustomerRequest(
                customer_id=identifier,
                customer=Customer(
                    display_name=cell["customer_name"] or f"Customer {cell['customer']}",
                    region=cell["region"],
                    owner=order.owner,
                    first_seen_time=order.order_time,
                ),
            )
        elif order.order_time.seconds < request.customer.first_seen_time.seconds:
            request.customer.first_seen_time.CopyFrom(order.order_time)
        return f"customers/{identifier}"

    def _product(self, key: str, description: str) -> str:
        if not key:
            return ""
        identifier = self._product_ids.id_of(key)
        request = self._collected.products.get(identifier)
        if request is None:
            self._collected.products[identifier] = CreateProductRequest(
                product_id=identifier,
                product=Product(display_name=description or key, sku=key, active=True),
            )
        elif description and request.product.display_name == request.product.sku:
            request.product.display_name = description
        return f"products/{identifier}"

    def _time(self, text: str) -> Timestamp:
        time = self._times.get(text)
        if time is None:
            time = self._times[text] = parse_time(text.strip(), self._zone)
        return time


def order_batches(
    orders: list[PendingOrder], *, validate_only: bool
) -> Iterator[tuple[int, BatchCreateOrdersRequest]]:
    """Cuts orders into requests of at most 1,000 orders and about 8,000 lines."""
    first = 0
    request = BatchCreateOrdersRequest(validate_only=validate_only)
    line_count = 0
    for index, order in enumerate(orders):
        lines = len(order.rows)
        full = len(request.requests) == _MAX_BATCH_ORDERS or line_count + lines > _MAX_BATCH_LINES
        if full and request.requests:
            yield first, request
            first, line_count = index, 0
            request = BatchCreateOrdersRequest(validate_only=validate_only)
        order.write(request.requests.add())
        line_count += lines
    if request.requests:
        yield first, request
