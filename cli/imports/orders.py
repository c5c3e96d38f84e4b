"""Rows of order lines → orders, each as soon as its last row is read."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from guanxi.sales.v1.orders_pb2 import (
    ORDER_VIEW_MINIMAL,
    BatchCreateOrdersRequest,
    CreateOrderRequest,
    OrderLine,
)

from cli.connection import CommandError
from cli.imports.columns import Cells, picker
from cli.imports.refusals import Refusals
from cli.imports.sources import Row
from cli.imports.survey import Reading
from cli.imports.values import BadValue, in_collection, parse_money, parse_quantity

_MAX_BATCH_ORDERS = 1_000
_MAX_BATCH_LINES = 8_000


class Priced(NamedTuple):
    """A line as it recurs in a file: all but its quantity, and the currency of its price."""

    line: OrderLine
    currency: str


@dataclass(slots=True)
class PendingOrder:
    """An order being collected: its request, its lines in the file, and what its rows agree on."""

    customer: str
    row_count: int
    request: CreateOrderRequest = field(default_factory=CreateOrderRequest)
    append: Callable[[OrderLine], None] = field(init=False)
    currency: str = ""
    time: str | None = None
    rows: list[int] = field(default_factory=list)
    refusal: str = ""

    def __post_init__(self) -> None:
        self.append = self.request.order.lines.append


class Collector:
    """Collects order lines into orders. Rows of one order need not stand together. An order with
    a bad row is refused as a whole: without that line its amounts would be wrong."""

    def __init__(
        self, reading: Reading, row_counts: Mapping[str, int], *, refusals: Refusals
    ) -> None:
        self._reading = reading
        self._order_cells = picker(reading.columns, "order", "customer", "order_time", "quantity")
        self._line_cells = picker(
            reading.columns, "unit_price", "product", "description", "currency"
        )
        self._refusals = refusals
        self._row_counts = dict(row_counts)
        self._open: dict[str, PendingOrder] = {}
        # The same lines recur in every file.
        self._priced: dict[tuple[str, ...], Priced] = {}

    def collect(self, rows: Iterable[Row]) -> Iterator[PendingOrder]:
        """Every order that can be read, as its last row comes; those that name an original order
        come last, after the originals. Refused rows are noted with their line and reason.

        Raises:
            CommandError: these are not the rows that were counted.
        """
        returns = []
        for order in self._complete(rows):
            if order.refusal:
                self._refusals.add(order.rows, order.refusal)
            elif order.request.order.original_order:
                returns.append(order)
            else:
                yield order
        if self._open or self._row_counts:
            raise _changed()
        yield from returns

    def _complete(self, rows: Iterable[Row]) -> Iterator[PendingOrder]:
        pending, priced = self._open, self._priced
        for line, values in rows:
            key, customer, time, quantity = self._order_cells(values)
            order = pending.get(key)
            if order is None:
                order = pending[key] = PendingOrder(customer, self._rows_of(key))
            order.rows.append(line)
            try:
                if len(order.rows) == 1:
                    self._begin(order, Cells(self._reading.columns, values))
                if time != order.time or customer != order.customer:
                    self._check(order, customer, time)
                content = self._line_cells(values)
                order_line, currency = priced.get(content) or self._price(content)
                if currency != order.currency:
                    raise BadValue(f"currency {currency} in an order in {order.currency}")
                order_line.quantity = parse_quantity(quantity)
                order.append(order_line)  # which copies
            except BadValue as bad:
                self._refuse(order, line, str(bad))
            if len(order.rows) == order.row_count:
                del pending[key]
                yield order

    def _rows_of(self, key: str) -> int:
        try:
            return self._row_counts.pop(key)
        except KeyError:
            raise _changed() from None

    def _refuse(self, order: PendingOrder, line: int, reason: str) -> None:
        self._refusals.add((line,), reason)
        order.refusal = order.refusal or f"the order's line {line} was refused: {reason}"

    def _begin(self, pending: PendingOrder, cell: Cells) -> None:
        reading = self._reading
        pending.request.order_id = reading.order_ids.id_of(cell["order"])
        pending.request.confirm = True
        order = pending.request.order
        order.reference = cell["order"]
        order.currency_code = pending.currency = cell["currency"] or reading.currency
        order.exchange_rate = cell["exchange_rate"]
        order.owner = in_collection("users", cell["owner"])
        if original := cell["original_order"]:
            order.original_order = f"orders/{reading.order_ids.id_of(original)}"
        if customer := cell["customer"]:
            order.customer = f"customers/{reading.customer_ids.id_of(customer)}"

    def _check(self, pending: PendingOrder, customer: str, time: str) -> None:
        """Rows of one order must agree on the customer; of their times the earliest counts, as
        some books stamp the lines of one order minutes apart."""
        if customer != pending.customer:
            raise BadValue(f"customer {customer!r} where the order began with {pending.customer!r}")
        moment = self._reading.time(time)
        order = pending.request.order
        if pending.time is None or moment.seconds < order.order_time.seconds:
            pending.time = time
            order.order_time.CopyFrom(moment)

    def _price(self, content: tuple[str, ...]) -> Priced:
        price, product, description, currency = (cell.strip() for cell in content)
        line = OrderLine(
            product=f"products/{self._reading.product_ids.id_of(product)}" if product else "",
            description=description,
            unit_price=parse_money(price, currency or self._reading.currency),
        )
        priced = self._priced[content] = Priced(line, line.unit_price.currency_code)
        return priced


def order_batches(
    orders: Iterable[PendingOrder], *, validate_only: bool
) -> Iterator[tuple[int, BatchCreateOrdersRequest]]:
    """Puts orders into requests of at most 1,000 orders and about 8,000 lines, each with the index
    of its first order."""
    first = line_count = 0
    request = _empty(validate_only)
    for index, order in enumerate(orders):
        lines = len(order.rows)
        full = len(request.requests) == _MAX_BATCH_ORDERS or line_count + lines > _MAX_BATCH_LINES
        if full and request.requests:
            yield first, request
            first, line_count = index, 0
            request = _empty(validate_only)
        request.requests.append(order.request)
        line_count += lines
    if request.requests:
        yield first, request


def _empty(validate_only: bool) -> BatchCreateOrdersRequest:
    return BatchCreateOrdersRequest(
        validate_only=validate_only, view=ORDER_VIEW_MINIMAL, allow_unknown_customers=True
    )


def _changed() -> CommandError:
    return CommandError("The file changed while it was read; import it again.")
