"""ProductService: every method and every reason it refuses for."""

import pytest
from google.type.money_pb2 import Money
from guanxi.sales.v1.products_pb2 import (
    CreateProductRequest,
    GetProductRequest,
    Product,
)
from guanxi.sales.v1.products_pb2_grpc import ProductServiceStub

from tests.support.services import RunningService


@pytest.fixture
async def products(sales: RunningService) -> ProductServiceStub:
    return ProductServiceStub(await sales.channel())


async def test_a_product_is_created_active_under_the_id_its_caller_gave(
    products: ProductServiceStub,
) -> None:
    created = await products.CreateProduct(
        CreateProductRequest(
            product=Product(
                display_name="Lantern",
                sku="85123A",
                category="lighting",
                list_price=Money(currency_code="GBP", units=2, nanos=550_000_000),
            ),
            product_id="85123a",
        )
    )
    assert created.name == "products/85123a"
    assert created.active
    assert created.list_price.nanos == 550_000_000
    assert await products.GetProduct(GetProductRequest(name="products/85123a")) == created
