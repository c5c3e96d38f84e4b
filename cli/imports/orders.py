"""Rows of order lines → orders, each as soon as its last row is read."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from guanxi.sales.v1.orders_pb2 import (
    ORDER_VIEW_MINIMAL,
    BatchCreateOrdersRequest,
    CreateOrderRequest,
    OrderLine,
)

from cli.connection import CommandError
from cli.imports.cells import BadValue, clean
from cli.imports.columns import Cells, picker
from cli.imports.keys import as_meant
from cli.imports.placeholders import REASON
from cli.imports.reading import Reading
from cli.imports.refusals import LeftOut, Refusals
from cli.imports.sources import Row
from cli.imports.survey import Survey

_MAX_BATCH_ORDERS = 1_000
_MAX_BATCH_LINES = 8_000


@dataclass(slots=True)
class PendingOrder:
    """An order being collected: its request, its lines in the file, and what its rows agree on.

    `customer`, `time` and `terms` are cells as one of its rows has them, so that rows that say the
    same again need no reading; `agreed` is what the terms mean. `priced` are the lines known in its
    currency, by their cells.
    """

    identifier: str
    row_count: int
    refusal: str
    request: CreateOrderRequest = field(default_factory=CreateOrderRequest)
    append: Callable[[OrderLine], None] = field(init=False)
    customer: str = ""
    time: str | None = None
    terms: tuple[str, ...] = ()
    agreed: dict[str, str] = field(default_factory=dict)
    priced: dict[tuple[str, ...], OrderLine] = field(default_factory=dict)
    rows: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.append = self.request.order.lines.append


class Collector:
    """Collects order lines into orders. Rows of one order need not stand together, and what an
    order has once (its customer, time, currency …) may be given on its first row only. An order
    with a bad row is refused as a whole: without that line its amounts would be wrong.

    `refused` are names of customers and products that the services refused, and why.
    """

    def __init__(
        self,
        reading: Reading,
        found: Survey,
        *,
        refusals: Refusals,
        refused: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        self._reading = reading
        self._order_cells = picker(reading.columns, "order", "customer", "order_time", "quantity")
        self._line_cells = picker(reading.columns, "unit_price", "product", "description")
        # What an order has once, besides its customer and its time.
        self._read_term: dict[str, Callable[[str], str]] = {
            "currency": str.upper,
            "exchange_rate": reading.rate,
            "original_order": lambda text: f"orders/{reading.order_ids[text]}",
            "seller": reading.seller,
        }
        self._terms = picker(reading.columns, *self._read_term)
        self._refusals = refusals
        self._refused = dict(refused)
        for identifier, reason in found.doubtful.items():
            self._refused[f"customers/{identifier}"] = reason
        self._row_counts = dict(found.row_counts)
        self._spoiled = found.spoiled
        self._open: dict[str, PendingOrder] = {}
        # The same lines recur in every file.
        self._priced: defaultdict[str, dict[tuple[str, ...], OrderLine]] = defaultdict(dict)

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
        quantities = self._reading.quantities
        has_terms = not self._read_term.keys().isdisjoint(self._reading.columns)
        order_cells, line_cells = self._order_cells, self._line_cells
        order, key_before = None, ""  # of the row before: an order's rows mostly stand together
        for line, values in rows:
            key, customer, time, quantity = order_cells(values)
            if order is None or key != key_before:
                order, key_before = self._under_way(key), key
                if order is None:
                    continue
            order.rows.append(line)
            try:
                if len(order.rows) == 1:
                    self._begin(order, line, Cells(self._reading.columns, values))
                if time != order.time or customer != order.customer:
                    self._check(order, customer, time)
                if has_terms and (terms := self._terms(values)) != order.terms:
                    self._check_terms(order, terms)
                content = line_cells(values)
                order_line = order.priced.get(content) or self._price(order, content)
                order.append(_of_quantity(order_line, quantities[quantity]))  # which copies
            except BadValue as bad:
                self._refuse(order, line, str(bad))
            if len(order.rows) == order.row_count:
                del self._open[order.identifier]
                yield order
                order = None

    def _under_way(self, key: str) -> PendingOrder | None:
        """The order of a row; None where the survey has refused the row, for its key is none."""
        try:
            identifier = self._reading.order_ids[key]
        except BadValue:
            identifier = ""
        if not identifier:
            return None
        order = self._open.get(identifier)
        if order is None:
            order = self._open[identifier] = self._new(identifier)
        return order

    def _new(self, identifier: str) -> PendingOrder:
        try:
            row_count = self._row_counts.pop(identifier)
        except KeyError:
            raise _changed() from None
        return PendingOrder(identifier, row_count, self._spoiled.get(identifier, ""))

    def _refuse(self, order: PendingOrder, line: int, reason: str) -> None:
        self._refusals.add((line,), reason)
        order.refusal = order.refusal or f"the order's line {line} was refused: {reason}"

    def _begin(self, pending: PendingOrder, line: int, cell: Cells) -> None:
        pending.request.order_id = pending.identifier
        pending.request.confirm = True
        pending.agreed = agreed = {
            name: read(text) if (text := cell[name]) else ""
            for name, read in self._read_term.items()
        }
        agreed["currency"] = agreed["currency"] or self._reading.currency
        pending.priced = self._priced[agreed["currency"]]
        order = pending.request.order
        order.reference = as_meant(cell["order"])
        order.currency_code = agreed["currency"]
        order.exchange_rate = agreed["exchange_rate"]
        order.original_order = agreed["original_order"]
        order.seller = agreed["seller"]
        if cell["seller"] and not order.seller:
            reason = "nobody who works here, by id, e-mail or name: the order went in without it"
            self._refusals.left_out.append(LeftOut(line, "seller", cell["seller"], reason))
        if customer := self._reading.customer_ids[cell["customer"]]:
            order.customer = f"customers/{customer}"
            self._expect_taken(order.customer)
        elif key := cell["customer"]:
            reason = f"{REASON}: the order went in as a walk-in"
            self._refusals.left_out.append(LeftOut(line, "customer", key, reason))
        elif "customer" in self._reading.columns and (name := cell["customer_name"]):
            reason = "no key of a customer beside it: the order went in as a walk-in"
            self._refusals.left_out.append(LeftOut(line, "customer_name", name, reason))

    def _check(self, pending: PendingOrder, customer: str, time: str) -> None:
        """Rows of one order must agree on the customer; of their times the earliest counts, as
        some books stamp the lines of one order minutes apart."""
        order = pending.request.order
        identifier = self._reading.customer_ids[customer]
        if identifier and f"customers/{identifier}" != order.customer:
            began = order.customer.removeprefix("customers/") or "none"
            raise BadValue(f"customer {customer!r} where the order began with {began!r}")
        pending.customer = customer
        moment = self._reading.times[time]
        if moment is None:
            if pending.time is None:
                raise BadValue("order_time is empty")
        elif pending.time is None or moment.ToNanoseconds() < order.order_time.ToNanoseconds():
            pending.time = time
            order.order_time.CopyFrom(moment)

    def _check_terms(self, pending: PendingOrder, terms: tuple[str, ...]) -> None:
        """What later rows say of an order's terms must be what its first row says."""
        for (name, read), text in zip(self._read_term.items(), terms, strict=True):
            stated = clean(text, name)
            if stated and read(stated) != pending.agreed[name]:
                began = pending.agreed[name] or "none"
                raise BadValue(f"{name} {stated} where the order began with {began}")
        pending.terms = terms

    def _price(self, pending: PendingOrder, content: tuple[str, ...]) -> OrderLine:
        price, product, description = content
        identifier = self._reading.product_ids[product]
        line = OrderLine(
            product=f"products/{identifier}" if identifier else "",
            description=clean(description, "description"),
            unit_price=self._reading.amounts[pending.agreed["currency"]][price],
        )
        self._expect_taken(line.product)
        pending.priced[content] = line
        return line

    def _expect_taken(self, name: str) -> None:
        if name in self._refused:
            raise BadValue(f"{name} was refused: {self._refused[name]}")


def _of_quantity(line: OrderLine, quantity: int) -> OrderLine:
    """The line with so many pieces. Raises BadValue for pieces taken back at a price below zero,
    which together would be money earned."""
    if quantity < 0 and (line.unit_price.units < 0 or line.unit_price.nanos < 0):
        raise BadValue(
            "quantity and unit_price are both negative: a return has a negative quantity or a"
            " negative price, not both"
        )
    line.quantity = quantity
    return line


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
