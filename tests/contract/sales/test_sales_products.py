"""ProductService: every method, and every reason for which it refuses."""

from datetime import timedelta

import pytest
from google.protobuf.field_mask_pb2 import FieldMask
from guanxi.sales.v1.products_pb2 import (
    BatchCreateProductsRequest,
    GetProductRequest,
    ListProductsRequest,
    Product,
    UpdateProductRequest,
)
from guanxi.sales.v1.products_pb2_grpc import ProductServiceStub

from services.chassis.errors import DomainError, Kind
from services.chassis.timestamps import from_timestamp
from tests.support.in_turn import in_turn
from tests.support.refusals import refusal
from tests.support.sales import create_product, info_of, money, reason_of
from tests.support.services import RunningService


async def test_a_product_is_created_active_under_the_id_its_caller_gave(
    products: ProductServiceStub, sales: RunningService
) -> None:
    created = await products.CreateProduct(
        create_product(
            "85123a", "Lantern", sku="85123A", category="lighting", list_price=money("2.555")
        )
    )
    assert created.name == "products/85123a"
    assert created.active
    assert created.list_price == money("2.555")
    assert from_timestamp(created.create_time, field="") == sales.clock.now()
    assert await products.GetProduct(GetProductRequest(name=created.name)) == created


async def test_what_is_sold_no_more_is_brought_in_as_that(products: ProductServiceStub) -> None:
    """A catalogue of many years has most of them."""
    gone = create_product("a", "Lantern")
    gone.product.active = False
    assert not (await products.CreateProduct(gone)).active
    for active, unchanged in ((False, "true"), (True, "false")):
        gone.product.active = active
        error = await refusal(products.CreateProduct(gone))
        assert error.metadata["unchanged"] == unchanged


async def test_without_an_id_the_server_gives_one(products: ProductServiceStub) -> None:
    created = await products.CreateProduct(create_product())
    assert await products.GetProduct(GetProductRequest(name=created.name)) == created


async def test_a_request_sent_again_gets_the_first_answer(products: ProductServiceStub) -> None:
    request = create_product("a")
    request.request_id = "once"
    first = await products.CreateProduct(request)
    assert await products.CreateProduct(request) == first


async def test_a_taken_id_says_whether_the_content_is_the_same(
    products: ProductServiceStub,
) -> None:
    await products.CreateProduct(create_product("a", "Lantern"))
    for display_name, unchanged in (("Lantern", "true"), ("Lamp", "false")):
        with pytest.raises(DomainError) as error:
            await products.CreateProduct(create_product("a", display_name))
        assert (error.value.kind, error.value.reason) == (Kind.ALREADY_EXISTS, "ALREADY_EXISTS")
        assert error.value.metadata == {"resource": "products/a", "unchanged": unchanged}


@in_turn(
    ("product", "reason", "field"),
    [
        (Product(display_name=" "), "DISPLAY_NAME_MISSING", "product.display_name"),
        (
            Product(display_name="x", list_price=money("-1")),
            "PRICE_NEGATIVE",
            "product.list_price",
        ),
        (
            Product(display_name="x", list_price=money("1", "XYZ")),
            "CURRENCY_UNKNOWN",
            "product.list_price.currency_code",
        ),
        (Product(display_name="x" * 201), "VALIDATION_FAILED", "product.display_name"),
    ],
)
async def test_a_product_that_makes_no_sense_is_refused(
    products: ProductServiceStub, product: Product, reason: str, field: str
) -> None:
    request = create_product()
    request.product.CopyFrom(product)
    with pytest.raises(DomainError) as error:
        await products.CreateProduct(request)
    assert (error.value.kind, error.value.reason) == (Kind.INVALID_ARGUMENT, reason)
    assert [each.field for each in error.value.violations] == [field]


async def test_a_price_whose_parts_disagree_is_refused(products: ProductServiceStub) -> None:
    request = create_product(list_price=money("1"))
    request.product.list_price.nanos = -1
    with pytest.raises(DomainError) as error:
        await products.CreateProduct(request)
    assert error.value.reason == "AMOUNT_INVALID"


async def test_a_product_that_is_not_there_is_not_found(products: ProductServiceStub) -> None:
    with pytest.raises(DomainError) as error:
        await products.GetProduct(GetProductRequest(name="products/none"))
    assert (error.value.kind, error.value.reason) == (Kind.NOT_FOUND, "NOT_FOUND")


async def test_of_a_batch_the_good_items_go_in_and_the_bad_ones_are_named(
    products: ProductServiceStub,
) -> None:
    await products.CreateProduct(create_product("a"))
    bad_id, with_request_id = create_product("Ä"), create_product("d")
    with_request_id.request_id = "r"
    reply = await products.BatchCreateProducts(
        BatchCreateProductsRequest(
            requests=[
                create_product("a"),
                create_product("b"),
                create_product("b", "Another"),
                create_product("c", " "),
                bad_id,
                with_request_id,
                create_product(),
            ]
        )
    )
    assert reply.products[0].name == "products/b"
    assert len(reply.products) == 2
    assert {index: reason_of(status) for index, status in reply.failed_requests.items()} == {
        0: "ALREADY_EXISTS",
        2: "ALREADY_EXISTS",
        3: "DISPLAY_NAME_MISSING",
        4: "VALIDATION_FAILED",
        5: "REQUEST_ID_IN_ITEM",
    }
    assert info_of(reply.failed_requests[0]).metadata["unchanged"] == "true"
    assert info_of(reply.failed_requests[2]).metadata["unchanged"] == "false"


async def test_a_batch_that_is_validated_only_changes_nothing(
    products: ProductServiceStub,
) -> None:
    reply = await products.BatchCreateProducts(
        BatchCreateProductsRequest(
            requests=[create_product("a"), create_product("b", " ")], validate_only=True
        )
    )
    assert list(reply.failed_requests) == [1]
    assert not (await products.ListProducts(ListProductsRequest())).products


async def test_an_update_changes_the_fields_of_its_mask_only(
    products: ProductServiceStub, sales: RunningService
) -> None:
    created = await products.CreateProduct(create_product("a", "Lantern", sku="A"))
    sales.clock.move(hours=1)
    updated = await products.UpdateProduct(
        UpdateProductRequest(
            product=Product(name="products/a", display_name="Lamp", sku="ignored"),
            update_mask=FieldMask(paths=["display_name", "active"]),
        )
    )
    assert (updated.display_name, updated.sku, updated.active) == ("Lamp", "A", False)
    assert updated.etag != created.etag
    passed = from_timestamp(updated.update_time, field="") - from_timestamp(
        created.update_time, field=""
    )
    assert passed == timedelta(hours=1)
    assert await products.GetProduct(GetProductRequest(name="products/a")) == updated


async def test_an_update_without_a_mask_changes_what_is_set(products: ProductServiceStub) -> None:
    await products.CreateProduct(create_product("a", "Lantern", list_price=money("2")))
    updated = await products.UpdateProduct(
        UpdateProductRequest(product=Product(name="products/a", sku="A"))
    )
    assert (updated.sku, updated.display_name) == ("A", "Lantern")
    assert updated.list_price == money("2")


async def test_an_update_that_says_nothing_new_leaves_the_etag(
    products: ProductServiceStub,
) -> None:
    created = await products.CreateProduct(create_product("a", "Lantern"))
    same = UpdateProductRequest(product=Product(name="products/a", display_name="Lantern"))
    assert await products.UpdateProduct(same) == created


async def test_an_update_of_what_has_changed_since_is_aborted(
    products: ProductServiceStub,
) -> None:
    created = await products.CreateProduct(create_product("a", "Lantern"))
    change = UpdateProductRequest(
        product=Product(name="products/a", display_name="Lamp", etag=created.etag)
    )
    await products.UpdateProduct(change)
    change.product.display_name = "Light"
    with pytest.raises(DomainError) as error:
        await products.UpdateProduct(change)
    assert (error.value.kind, error.value.reason) == (Kind.ABORTED, "ETAG_MISMATCH")


@pytest.fixture
async def catalogue(products: ProductServiceStub) -> ProductServiceStub:
    """It has the product a."""
    await products.CreateProduct(create_product("a"))
    return products


@in_turn(
    ("product", "paths", "reason"),
    [
        (Product(name="products/none", sku="x"), [], "NOT_FOUND"),
        (Product(name="products/a"), ["colour"], "UPDATE_MASK_UNKNOWN_FIELD"),
        (Product(name="products/a"), ["list_price.units"], "UPDATE_MASK_UNKNOWN_FIELD"),
        (Product(name="products/a"), ["create_time"], "UPDATE_MASK_FIXED_FIELD"),
        (Product(name="products/a"), ["*", "sku"], "UPDATE_MASK_WILDCARD"),
        (Product(name="products/a"), ["display_name"], "FIELD_REQUIRED"),
        (Product(name="products/a", display_name=" "), [], "DISPLAY_NAME_MISSING"),
    ],
)
async def test_an_update_that_makes_no_sense_is_refused(
    catalogue: ProductServiceStub, product: Product, paths: list[str], reason: str
) -> None:
    with pytest.raises(DomainError) as error:
        await catalogue.UpdateProduct(
            UpdateProductRequest(product=product, update_mask=FieldMask(paths=paths))
        )
    assert error.value.reason == reason


async def test_a_list_is_filtered_ordered_and_read_page_by_page(
    products: ProductServiceStub,
) -> None:
    names = ["Lamp", "Lantern", "Candle", "Ladder"]
    for number, display_name in enumerate(names):
        category = "light" if display_name != "Ladder" else "tools"
        await products.CreateProduct(create_product(str(number), display_name, category=category))
    request = ListProductsRequest(
        page_size=2, filter='category = "light" AND active = true', order_by="display_name desc"
    )
    first = await products.ListProducts(request)
    request.page_token = first.next_page_token
    second = await products.ListProducts(request)
    shown = [each.display_name for page in (first, second) for each in page.products]
    assert shown == ["Lantern", "Lamp", "Candle"]
    assert not second.next_page_token


@in_turn(
    ("request_", "reason"),
    [
        (ListProductsRequest(filter="colour = red"), "FILTER_UNKNOWN_FIELD"),
        (ListProductsRequest(order_by="active"), "ORDER_BY_UNKNOWN_FIELD"),
        (ListProductsRequest(page_token="made-up"), "PAGE_TOKEN_INVALID"),
        (ListProductsRequest(page_size=-1), "VALIDATION_FAILED"),
    ],
)
async def test_a_list_that_makes_no_sense_is_refused(
    products: ProductServiceStub, request_: ListProductsRequest, reason: str
) -> None:
    with pytest.raises(DomainError) as error:
        await products.ListProducts(request_)
    assert error.value.reason == reason


async def test_a_rep_reads_the_catalogue_and_does_not_write_it(sales: RunningService) -> None:
    reps = ProductServiceStub(await sales.channel("users/bob", role="rep"))
    await reps.ListProducts(ListProductsRequest())
    with pytest.raises(DomainError) as error:
        await reps.CreateProduct(create_product())
    assert (error.value.kind, error.value.reason) == (Kind.PERMISSION_DENIED, "PERMISSION_DENIED")
