"""One demo customer's life as orders and touchpoints; times count back from the day of loading."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta

from google.protobuf.timestamp_pb2 import Timestamp
from google.type.money_pb2 import Money
from guanxi.customer.v1.contacts_pb2 import Contact, CreateContactRequest
from guanxi.customer.v1.customers_pb2 import CreateCustomerRequest, Customer
from guanxi.customer.v1.touchpoints_pb2 import LogTouchpointRequest, Touchpoint
from guanxi.sales.v1.orders_pb2 import CreateOrderRequest, Order, OrderLine
from guanxi.sales.v1.products_pb2 import CreateProductRequest, Product

from deploy.demo.catalogue import PRODUCTS, DemoProduct, Seller

GENERATED = {"demo": "generated"}


@dataclass(slots=True)
class Demo:
    """All requests that load the demo, in the order in which they must be sent."""

    products: list[CreateProductRequest] = field(default_factory=list)
    customers: list[CreateCustomerRequest] = field(default_factory=list)
    contacts: list[CreateContactRequest] = field(default_factory=list)
    orders: list[CreateOrderRequest] = field(default_factory=list)
    touchpoints: list[LogTouchpointRequest] = field(default_factory=list)


@dataclass(slots=True)
class Life:
    """Builds the requests of one customer."""

    demo: Demo
    id: str
    seller: Seller
    today: date
    currency: str

    def begins(self, customer: Customer, *, days_ago: int) -> None:
        """The customer as first seen."""
        customer.owner = self.seller.owner
        customer.team = self.seller.team
        customer.labels.update(GENERATED)
        customer.first_seen_time.CopyFrom(self._at(days_ago, hour=8))
        self.demo.customers.append(CreateCustomerRequest(customer_id=self.id, customer=customer))

    def employs(self, *contacts: Contact) -> None:
        """People at the customer, each reporting to the one before."""
        superior = ""
        for number, contact in enumerate(contacts):
            id = f"demo-{self.id}-{number}"
            contact.reports_to = superior
            contact.labels.update(GENERATED)
            self.demo.contacts.append(
                CreateContactRequest(parent=f"customers/{self.id}", contact_id=id, contact=contact)
            )
            superior = f"customers/{self.id}/contacts/{id}"

    def orders(self, *basket: tuple[DemoProduct, int], days_ago: int) -> None:
        """A confirmed order of products and quantities at list price."""
        number = f"demo-{self.id}-{days_ago:04d}"
        order = Order(
            customer=f"customers/{self.id}",
            order_time=self._at(days_ago, hour=10),
            currency_code=self.currency,
            seller=self.seller.owner,
            team=self.seller.team,
            reference=f"DEMO {number}",
        )
        for product, quantity in basket:
            order.lines.append(
                OrderLine(
                    product=f"products/{product.id}",
                    description=product.name,
                    quantity=quantity,
                    unit_price=Money(currency_code=self.currency, units=product.price),
                )
            )
        request = CreateOrderRequest(order_id=number, order=order, confirm=True)
        self.demo.orders.append(request)

    def touches(self, touchpoint: Touchpoint, *, days_ago: int) -> None:
        """A touchpoint with the customer's own seller."""
        number = sum(r.parent == f"customers/{self.id}" for r in self.demo.touchpoints[-200:])
        touchpoint.touch_time.CopyFrom(self._at(days_ago, hour=14))
        touchpoint.actor = self.seller.owner
        self.demo.touchpoints.append(
            LogTouchpointRequest(
                parent=f"customers/{self.id}",
                touchpoint_id=f"demo-{self.id}-{days_ago:04d}-{number}",
                touchpoint=touchpoint,
            )
        )

    def _at(self, days_ago: int, *, hour: int) -> Timestamp:
        moment = datetime.combine(self.today - timedelta(days=days_ago), time(hour), UTC)
        timestamp = Timestamp()
        timestamp.FromDatetime(moment)
        return timestamp


def call(subject: str, *topics: Touchpoint.Topic.ValueType, outcome: str = "") -> Touchpoint:
    """A phone call by the seller."""
    return Touchpoint(
        type=Touchpoint.CALL,
        channel=Touchpoint.PHONE,
        direction=Touchpoint.OUTBOUND,
        subject=subject,
        topics=topics,
        duration_minutes=12,
        outcome=outcome,
    )


def products(currency: str) -> list[CreateProductRequest]:
    """The catalogue as requests."""
    return [
        CreateProductRequest(
            product_id=product.id,
            product=Product(
                display_name=product.name,
                sku=product.id.upper(),
                category=product.category,
                list_price=Money(currency_code=currency, units=product.price),
                active=True,
            ),
        )
        for product in PRODUCTS
    ]
