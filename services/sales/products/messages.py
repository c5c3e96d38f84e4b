"""Product messages ↔ our own words; no rule of the business, no SQL."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from google.type.money_pb2 import Money
from guanxi.sales.v1 import products_pb2

from services.chassis.batches import failed_requests, split_outcomes
from services.chassis.errors import DomainError, beneath
from services.chassis.fingerprint import fingerprint
from services.chassis.ids import Ids
from services.chassis.timestamps import to_timestamp
from services.sales.products.model import Draft, Price, Product

__all__ = [
    "NewProduct",
    "batch_reply",
    "created",
    "draft_of",
    "new_product",
    "page_reply",
    "to_message",
    "updated",
]


@dataclass(frozen=True, slots=True)
class NewProduct:
    """What a caller asks for: the product and the name it is to have."""

    name: str
    named_by_caller: bool
    draft: Draft


def new_product(request: products_pb2.CreateProductRequest, *, ids: Ids) -> NewProduct:
    """Reads a request to create a product. Raises INVALID_ARGUMENT."""
    return NewProduct(
        name=f"products/{request.product_id or ids.new()}",
        named_by_caller=bool(request.product_id),
        draft=draft_of(request.product),
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
        fingerprint=fingerprint(message, besides=("active",)),
    )


def to_message(product: Product) -> products_pb2.Product:
    """The product as callers see it."""
    return products_pb2.Product(
        name=product.name,
        display_name=product.display_name,
        sku=product.sku,
        category=product.category,
        list_price=_price_message(product.list_price),
        active=product.active,
        create_time=to_timestamp(product.create_time),
        update_time=to_timestamp(product.update_time),
        etag=product.etag,
    )


def batch_reply(
    outcomes: Mapping[int, Product | DomainError],
) -> products_pb2.BatchCreateProductsResponse:
    """What became of each item, by its index; if it was validated only, what would become."""
    products, refused = split_outcomes(outcomes)
    return products_pb2.BatchCreateProductsResponse(
        products=[to_message(product) for product in products],
        failed_requests=failed_requests(refused, "sales"),
    )


def page_reply(
    products: Iterable[Product], next_page_token: str
) -> products_pb2.ListProductsResponse:
    """A page of products."""
    return products_pb2.ListProductsResponse(
        products=[to_message(product) for product in products], next_page_token=next_page_token
    )


def created(product: Product) -> products_pb2.ProductCreated:
    return products_pb2.ProductCreated(product=to_message(product))


def updated(product: Product) -> products_pb2.ProductUpdated:
    return products_pb2.ProductUpdated(product=to_message(product))


def _price_message(price: Price | None) -> Money | None:
    if price is None:
        return None
    return Money(currency_code=price.currency_code, units=price.units, nanos=price.nanos)
