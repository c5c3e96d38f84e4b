"""Product messages ↔ our own words; no rule of the business, no SQL."""

from dataclasses import replace

from google.type.money_pb2 import Money
from guanxi.sales.v1 import products_pb2

from services.chassis.creation import New
from services.chassis.errors import DomainError, beneath
from services.chassis.fingerprint import fingerprint
from services.chassis.ids import Ids
from services.chassis.timestamps import to_timestamp
from services.sales.products.model import Draft, Price, Product

__all__ = ["created", "draft_of", "new_product", "to_message", "updated"]


def new_product(request: products_pb2.CreateProductRequest, *, ids: Ids) -> New[Draft]:
    """Reads a request to create a product. Raises INVALID_ARGUMENT."""
    product, id = request.product, request.product_id
    draft = draft_of(product)
    if not product.HasField("active"):
        draft = replace(draft, active=True)
    # That it is active need not be said.
    unsaid = ("active",) if draft.active else ()
    return New(
        name=f"products/{id or ids.new()}",
        draft=draft,
        fingerprint=fingerprint(product, besides=unsaid) if id else b"",
    )


def draft_of(message: products_pb2.Product) -> Draft:
    """What the caller says about the product. Raises INVALID_ARGUMENT."""
    price = message.list_price if message.HasField("list_price") else None
    try:
        list_price = price and Price.of(price.currency_code, price.units, price.nanos)
    except DomainError as error:
        raise beneath("product", error) from None
    return Draft(
        display_name=message.display_name,
        sku=message.sku,
        category=message.category,
        list_price=list_price,
        active=message.active,
    )


def to_message(product: Product) -> products_pb2.Product:
    """The product as callers see it."""
    price = product.list_price
    return products_pb2.Product(
        name=product.name,
        display_name=product.display_name,
        sku=product.sku,
        category=product.category,
        list_price=None if price is None else Money(**price._asdict()),
        active=product.active,
        create_time=to_timestamp(product.create_time),
        update_time=to_timestamp(product.update_time),
        etag=product.etag,
    )


def created(product: Product) -> products_pb2.ProductCreated:
    return products_pb2.ProductCreated(product=to_message(product))


def updated(product: Product) -> products_pb2.ProductUpdated:
    return products_pb2.ProductUpdated(product=to_message(product))
