"""What is and what isn't part of what a caller wrote."""

from google.protobuf.timestamp_pb2 import Timestamp
from google.type.money_pb2 import Money
from guanxi.customer.v1.customers_pb2 import Customer
from guanxi.sales.v1.orders_pb2 import Order, OrderLine
from guanxi.sales.v1.products_pb2 import Product

from services.chassis.fingerprint import fingerprint
from tests.support.contact_points import emails

WRITTEN = Customer(
    display_name="Ann", emails=emails("ann@example.com"), labels={"a": "1", "b": "2"}
)


def test_the_servers_fields_are_no_part_of_it() -> None:
    answered = Customer(name="customers/1", create_time=Timestamp(seconds=1), etag="x")
    answered.MergeFrom(WRITTEN)
    assert fingerprint(answered) == fingerprint(WRITTEN)
    assert answered.etag == "x"


def test_the_servers_fields_of_lines_are_no_part_of_it() -> None:
    line = OrderLine(product="products/a", quantity=2)
    priced = OrderLine(product="products/a", quantity=2, amount=Money(units=5))
    assert fingerprint(Order(lines=[line, priced])) == fingerprint(Order(lines=[line, line]))


def test_every_other_field_is_part_of_it() -> None:
    other = Customer(
        display_name="Ann", emails=emails("ann@example.com"), labels={"a": "1", "b": "3"}
    )
    assert fingerprint(other) != fingerprint(WRITTEN)
    more = OrderLine(product="products/a", quantity=3)
    less = OrderLine(product="products/a", quantity=2)
    assert fingerprint(Order(lines=[more])) != fingerprint(Order(lines=[less]))


def test_fields_can_be_left_out() -> None:
    active, not_stated = Product(sku="a", active=True), Product(sku="a")
    assert fingerprint(active) != fingerprint(not_stated)
    besides = ("active",)
    assert fingerprint(active, besides=besides) == fingerprint(not_stated, besides=besides)
