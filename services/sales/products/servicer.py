"""Transport room of products: message ↔ model, one transaction per call. No rule, no SQL."""

from typing import Any

from guanxi.sales.v1 import products_pb2, products_pb2_grpc

from services.chassis import field_mask
from services.chassis.batches import failed_requests, read_items
from services.chassis.clock import BusinessCalendar
from services.chassis.creation import New
from services.chassis.ids import Ids
from services.chassis.lists.listing import Listing
from services.chassis.store import Store, WriteTransaction
from services.chassis.turns import made_in_turns
from services.sales.products import actions, messages
from services.sales.products.messages import to_message
from services.sales.products.model import Draft
from services.sales.products.store import products

__all__ = ["ProductServicer"]


class ProductServicer(products_pb2_grpc.ProductServiceServicer):
    """Serves guanxi.sales.v1.ProductService."""

    def __init__(self, database: Store, *, calendar: BusinessCalendar, ids: Ids) -> None:
        self._store = database
        self._calendar = calendar
        self._ids = ids

    async def CreateProduct(
        self, request: products_pb2.CreateProductRequest, context: Any
    ) -> products_pb2.Product:
        new = self._read(request)

        async def work(tx: WriteTransaction) -> products_pb2.Product:
            return to_message(await actions.create_product(tx, new))

        return await self._store.answer(request, products_pb2.Product, work)

    async def BatchCreateProducts(
        self, request: products_pb2.BatchCreateProductsRequest, context: Any
    ) -> products_pb2.BatchCreateProductsResponse:
        new, refused = await read_items(request.requests, self._read)

        async def work(tx: WriteTransaction) -> products_pb2.BatchCreateProductsResponse:
            outcomes = await actions.create_products(tx, new, validate_only=request.validate_only)
            return products_pb2.BatchCreateProductsResponse(
                products=await made_in_turns(to_message, outcomes.created),
                failed_requests=await failed_requests(request, refused | outcomes.refused),
            )

        return await self._store.answer(request, products_pb2.BatchCreateProductsResponse, work)

    async def GetProduct(
        self, request: products_pb2.GetProductRequest, context: Any
    ) -> products_pb2.Product:
        async with self._store.read() as tx:
            return to_message(await products.get(tx, request.name))

    async def ListProducts(
        self, request: products_pb2.ListProductsRequest, context: Any
    ) -> products_pb2.ListProductsResponse:
        async with self._store.read() as tx:
            page = await products.page(tx, Listing.of(request, self._calendar))
        sent = await page.sent(to_message)
        return products_pb2.ListProductsResponse(
            products=sent.messages, next_page_token=sent.next_page_token
        )

    async def UpdateProduct(
        self, request: products_pb2.UpdateProductRequest, context: Any
    ) -> products_pb2.Product:
        product = request.product
        fields = field_mask.resolve(request.update_mask, product)
        draft = messages.draft_of(product)

        async def work(tx: WriteTransaction) -> products_pb2.Product:
            return to_message(
                await actions.change_product(tx, product.name, product.etag, draft, fields)
            )

        return await self._store.answer(request, products_pb2.Product, work)

    def _read(self, request: products_pb2.CreateProductRequest) -> New[Draft]:
        return messages.new_product(request, ids=self._ids)
