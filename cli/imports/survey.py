"""The first reading of a file of order lines: which orders, customers and products it holds.

What is wrong with a cell is found by the second reading, in `orders`, and here passed over. What
is wrong with a row as such is found here, for the second reading must know which orders it spoils.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field

from guanxi.customer.v1.customers_pb2 import CreateCustomerRequest, Customer
from guanxi.sales.v1.products_pb2 import CreateProductRequest, Product

from cli.connection import CommandError
from cli.imports.cells import BadValue, clean, folded
from cli.imports.columns import Cells, Field, picker
from cli.imports.keys import Spellings, as_meant
from cli.imports.names import Names
from cli.imports.placeholders import REASON, is_nobody, of_guests
from cli.imports.reading import Reading
from cli.imports.refusals import LeftOut, Refusals
from cli.imports.repeats import Repeats
from cli.imports.sources import Misfit, Source

FIELDS = (
    Field(
        "order",
        ("order_id", "invoice", "invoice_no", "order_number", "order_no"),
        required=True,
        is_key=True,
    ),
    Field(
        "order_time",
        ("invoice_time", "invoice_date", "order_date", "date"),
        required=True,
    ),
    Field("quantity", ("qty",), required=True),
    Field("unit_price", ("price",), required=True),
    Field("product", ("sku", "stock_code", "product_id"), is_key=True),
    Field("description", ("product_name",)),
    Field("customer", ("customer_id", "customer_number", "customer_no"), is_key=True),
    Field(
        "customer_name",
        ("customer_display_name",),
        names="customer",
        without="all orders are walk-ins",
    ),
    Field("region", ("country",)),
    Field("currency", ("currency_code",)),
    Field("exchange_rate", ("fx_rate",)),
    Field("original_order", ("original_invoice",)),
    Field("seller", ("owner", "sales_agent", "sales_rep")),
)

# What the contract takes for a name and for a region.
_MAX_NAME = 200
_MAX_REGION = 100


@dataclass(slots=True)
class Survey:
    """What a file holds: its orders with the number of their rows, those that can't go in and why,
    and whom and what they name; customers whose keys may be two people's are doubtful, with the
    reason, and aren't among the customers. All by id."""

    row_count: int = 0
    row_counts: dict[str, int] = field(default_factory=dict)
    spoiled: dict[str, str] = field(default_factory=dict)
    customers: dict[str, CreateCustomerRequest] = field(default_factory=dict)
    products: dict[str, CreateProductRequest] = field(default_factory=dict)
    doubtful: dict[str, str] = field(default_factory=dict)


def survey(
    source: Source,
    reading: Reading,
    refusals: Refusals,
    *,
    repeated_rows: bool = False,
    names_may_differ: bool = False,
) -> Survey:
    """Counts the rows of every order, and collects the customers and products they speak of.

    A row that belongs to no order for certain is refused, and with it every order that it may
    belong to: an order without one of its rows would have a wrong amount. So is an order
    whose rows come again, unless `repeated_rows` are more of its lines; and so are those of a
    customer with two names, unless `names_may_differ`.

    Raises:
        CommandError: the file can't be read, or has decimal commas and nobody has said so.
    """
    surveyor = _Surveyor(source, reading, refusals)
    surveyor.read_rows()
    return surveyor.finished(repeated_rows=repeated_rows, names_may_differ=names_may_differ)


class _Surveyor:
    def __init__(self, source: Source, reading: Reading, refusals: Refusals) -> None:
        self._source = source
        self._reading = reading
        self._refusals = refusals
        self._found = Survey()
        self._spellings = Spellings()
        self._names = Names()
        self._repeats = Repeats(reading.columns, source.header)
        # By product, with the line it comes from.
        self._descriptions: dict[str, tuple[int, str]] = {}
        self._prices: dict[str, int] = {}
        self._order = ""  # of the last row that has one

    def read_rows(self) -> None:
        """Goes through the file once."""
        found, reading = self._found, self._reading
        counts, descriptions, prices = found.row_counts, self._descriptions, self._prices
        cells = picker(
            reading.columns,
            *("order", "product", "description", "unit_price", "order_time", "quantity"),
        )
        order, key_before = "", None  # of the row before: an order's rows mostly stand together
        for line, values in self._source.rows(self._refuse_misfit):
            key, product, description, price, time, quantity = cells(values)
            found.row_count += 1
            if key != key_before:
                try:
                    order = self._order = reading.order_ids[key] or _no_order()
                except BadValue as bad:
                    self._refuse_orderless(line, str(bad))
                    continue
                key_before = key
                if order not in counts:
                    counts[order] = 0
                    with suppress(BadValue):
                        self._meet_customer(line, Cells(reading.columns, values))
            self._repeats.meet(order, line, values)
            counts[order] += 1
            told = descriptions.get(product)
            if (told is None or (description and not told[1])) and _is_readable(
                time, quantity, price, reading
            ):
                descriptions[product] = line, description
            if price not in prices:
                prices[price] = line

    def _meet_customer(self, line: int, cell: Cells) -> None:
        """A customer is first seen with the earliest of their orders, of those whose time is
        possible: the others will be refused. Name and region are those of the first order that has
        them."""
        reading, customers = self._reading, self._found.customers
        key, name = cell["customer"], cell["customer_name"]
        identifier = reading.customer_ids[key]
        if identifier:
            if is_nobody(name):
                self._refusals.left_out.append(LeftOut(line, "customer_name", name, REASON))
                name = ""
            self._spellings.meet(identifier, key, name)
            if name:
                self._names.meet(identifier, name, line)
        time = reading.times[cell["order_time"]]
        reading.quantities[cell["quantity"]]  # which raises BadValue for a row that will be refused
        if not identifier or time is None or time.seconds not in reading.possible_seconds:
            return
        known = customers.get(identifier)
        if known is None:
            customer = Customer(display_name=_unnamed(key), first_seen_time=time)
            known = CreateCustomerRequest(customer_id=identifier, customer=customer)
            customers[identifier] = known
        customer = known.customer
        if time.ToNanoseconds() < customer.first_seen_time.ToNanoseconds():
            customer.first_seen_time.CopyFrom(time)
        if name and folded(customer.display_name) == folded(_unnamed(key)):
            customer.display_name = self._fitting(line, "customer_name", name, "the name")
        if not customer.region and (region := cell["region"]):
            self._say_region(line, customer, region)

    def _say_region(self, line: int, customer: Customer, region: str) -> None:
        if len(region) <= _MAX_REGION:
            customer.region = region
            return
        reason = f"longer than {_MAX_REGION} characters, which a region may not be"
        self._refusals.left_out.append(LeftOut(line, "region", region, reason))

    def finished(self, *, repeated_rows: bool, names_may_differ: bool) -> Survey:
        """What was found, once all rows are known."""
        found = self._found
        _expect_point(self._prices, self._reading, self._source)
        if not repeated_rows:
            for repeated, reason in self._repeats.doubtful():
                found.spoiled.setdefault(repeated, reason)
        if not names_may_differ:
            found.doubtful.update(self._names.doubtful())
            found.doubtful.update(of_guests(found.customers))
        found.doubtful.update(self._spellings.doubtful)
        for doubtful in found.doubtful:
            found.customers.pop(doubtful, None)
        self._refusals.left_out.extend(self._names.told())
        for product, (line, description) in self._descriptions.items():
            with suppress(BadValue):
                self._meet_product(product, description, line)
        return found

    def _meet_product(self, key: str, description: str, line: int) -> None:
        """A product has the first description that is given for it, or else its key for a name."""
        identifier = self._reading.product_ids[key]
        if not identifier:
            return
        key, description = as_meant(clean(key, "product")), clean(description, "description")
        name = self._fitting(line, "description", description, "the product's name")
        known = self._found.products.get(identifier)
        if known is None:
            self._found.products[identifier] = CreateProductRequest(
                product_id=identifier,
                product=Product(display_name=name or key, sku=key, active=True),
            )
        elif name and known.product.display_name == known.product.sku:
            known.product.display_name = name

    def _fitting(self, line: int, field: str, name: str, what: str) -> str:
        """A name as long as it may be: one that is too long would have all orders refused."""
        if len(name) <= _MAX_NAME:
            return name
        reason = f"longer than {_MAX_NAME} characters: {what} is its beginning"
        self._refusals.left_out.append(LeftOut(line, field, name, reason))
        return f"{name[: _MAX_NAME - 1].rstrip()}…"

    def _refuse_misfit(self, misfit: Misfit) -> None:
        self._refusals.add_misfit(misfit)
        self._found.row_count += 1
        possible = _possible_orders(misfit, self._reading, len(self._source.header))
        for candidate in possible or {self._order}:
            self._found.spoiled.setdefault(candidate, _spoils(misfit.line, misfit.reason))

    def _refuse_orderless(self, line: int, reason: str) -> None:
        self._refusals.add((line,), reason)
        self._found.spoiled.setdefault(
            self._order, _spoils(line, f"{reason}, so that it may belong here")
        )


def _is_readable(time: str, quantity: str, price: str, reading: Reading) -> bool:
    """Whether a row says when, how many and for how much: one that will be refused for these makes
    no product and no customer."""
    try:
        reading.times[time]
        reading.quantities[quantity]
    except BadValue:
        return False
    return any(map(str.isdigit, price))


def _no_order() -> str:
    raise BadValue("order is empty: give it in every row")


def _possible_orders(misfit: Misfit, reading: Reading, width: int) -> set[str]:
    """The orders that a row may belong to whose cells have moved by as many as it has too many or
    too few."""
    [usual] = reading.columns["order"]
    moved = usual + len(misfit.values) - width
    possible = set()
    for text in misfit.values[max(0, min(usual, moved)) : max(usual, moved) + 1]:
        with suppress(BadValue):
            possible.add(reading.order_ids[text])
    return possible - {""}


def _spoils(line: int, reason: str) -> str:
    return f"the order's line {line} was refused: {reason}"


def _expect_point(prices: dict[str, int], reading: Reading, source: Source) -> None:
    for price, line in prices.items():
        try:
            reading.numbers.expect_point(price.strip())
        except BadValue as bad:
            also = _thousands_too(prices, reading)
            raise CommandError(f"{source.path}, line {line}: {bad}{also}.") from None


def _thousands_too(prices: dict[str, int], reading: Reading) -> str:
    """What would be asked about next, so that both are answered at once."""
    for price, line in prices.items():
        if reading.numbers.needs_thousands(price.strip()):
            return (
                f"; and --thousands, if {price.strip()!r} on line {line} is"
                f" {price.strip().replace('.', '')}"
            )
    return ""


def _unnamed(key: str) -> str:
    return f"Customer {as_meant(key)}"
