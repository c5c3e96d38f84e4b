"""The first reading of a file of order lines: which orders, customers and products it holds.

What is wrong with a row is found by the second reading, in `orders`; here it is passed over.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from google.protobuf.timestamp_pb2 import Timestamp
from guanxi.customer.v1.customers_pb2 import CreateCustomerRequest, Customer
from guanxi.sales.v1.products_pb2 import CreateProductRequest, Product

from cli.imports.columns import Cells, Field, picker
from cli.imports.sources import Row
from cli.imports.values import BadValue, Identifiers, in_collection, parse_time

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


class Reading:
    """How the cells of one file are read, the same way both times."""

    def __init__(self, columns: dict[str, int], *, currency: str, zone: ZoneInfo) -> None:
        self.columns = columns
        self.currency = currency
        self.order_ids = Identifiers("order")
        self.customer_ids = Identifiers("customer")
        self.product_ids = Identifiers("product")
        self._zone = zone
        # The same times recur in every file: reading each once takes a third of the time.
        self._times: dict[str, Timestamp] = {}

    def time(self, text: str) -> Timestamp:
        """Raises BadValue."""
        time = self._times.get(text)
        if time is None:
            time = self._times[text] = parse_time(text.strip(), self._zone)
        return time


@dataclass(slots=True)
class Survey:
    """What a file holds: how many rows each order has, by its key, and whom and what they name."""

    row_counts: dict[str, int] = field(default_factory=dict)
    customers: dict[str, CreateCustomerRequest] = field(default_factory=dict)
    products: dict[str, CreateProductRequest] = field(default_factory=dict)

    @property
    def row_count(self) -> int:
        return sum(self.row_counts.values())


def survey(rows: Iterable[Row], reading: Reading) -> Survey:
    """Counts the rows of every order, and collects the customers and products they speak of."""
    found = Survey()
    counts = found.row_counts
    descriptions: dict[str, str] = {}
    cells = picker(reading.columns, "order", "product", "description")
    for _, values in rows:
        order, product, description = cells(values)
        known = counts.get(order)
        if known is None:
            counts[order] = 1
            with suppress(BadValue):
                _meet_customer(found, Cells(reading.columns, values), reading)
        else:
            counts[order] = known + 1
        if not descriptions.get(product):
            descriptions[product] = description
    for product, description in descriptions.items():
        with suppress(BadValue):
            _meet_product(found, product.strip(), description.strip(), reading)
    return found


def _meet_customer(found: Survey, cell: Cells, reading: Reading) -> None:
    """A customer is first seen with the earliest of their orders."""
    key = cell["customer"]
    if not key:
        return
    identifier = reading.customer_ids.id_of(key)
    time = reading.time(cell["order_time"])
    known = found.customers.get(identifier)
    if known is None:
        found.customers[identifier] = CreateCustomerRequest(
            customer_id=identifier,
            customer=Customer(
                display_name=cell["customer_name"] or f"Customer {key}",
                region=cell["region"],
                owner=in_collection("users", cell["owner"]),
                first_seen_time=time,
            ),
        )
    elif time.seconds < known.customer.first_seen_time.seconds:
        known.customer.first_seen_time.CopyFrom(time)


def _meet_product(found: Survey, key: str, description: str, reading: Reading) -> None:
    """A product has the first description that is given for it, or else its key for a name."""
    if not key:
        return
    identifier = reading.product_ids.id_of(key)
    known = found.products.get(identifier)
    if known is None:
        found.products[identifier] = CreateProductRequest(
            product_id=identifier,
            product=Product(display_name=description or key, sku=key, active=True),
        )
    elif description and known.product.display_name == known.product.sku:
        known.product.display_name = description
