"""Sends the demo to a running suite through the gateway. Loading it again changes nothing."""

from __future__ import annotations

from datetime import date

from guanxi.customer.v1.customers_pb2 import BatchCreateCustomersRequest
from guanxi.customer.v1.customers_pb2_grpc import CustomerServiceStub
from guanxi.customer.v1.touchpoints_pb2 import BatchLogTouchpointsRequest
from guanxi.customer.v1.touchpoints_pb2_grpc import TouchpointServiceStub
from guanxi.sales.v1.orders_pb2 import BatchCreateOrdersRequest
from guanxi.sales.v1.orders_pb2_grpc import OrderServiceStub
from guanxi.sales.v1.products_pb2 import BatchCreateProductsRequest
from guanxi.sales.v1.products_pb2_grpc import ProductServiceStub

from cli.connection import Connection
from cli.imports.sending import cut, send_batches
from deploy.demo.generate import generate


async def load(connection: Connection, today: date, currency: str) -> int:
    """Loads products, customers, orders and touchpoints; returns the number of customers.

    Raises:
        CommandError: the suite refused a batch or stayed unreachable.
    """
    demo = generate(today, currency)
    channel, metadata = connection.channel, connection.metadata
    await send_batches(
        ProductServiceStub(channel).BatchCreateProducts,
        cut(demo.products, lambda items: BatchCreateProductsRequest(requests=items)),
        metadata,
    )
    await send_batches(
        CustomerServiceStub(channel).BatchCreateCustomers,
        cut(demo.customers, lambda items: BatchCreateCustomersRequest(requests=items)),
        metadata,
    )
    await send_batches(
        OrderServiceStub(channel).BatchCreateOrders,
        cut(demo.orders, lambda items: BatchCreateOrdersRequest(requests=items)),
        metadata,
    )
    await send_batches(
        TouchpointServiceStub(channel).BatchLogTouchpoints,
        cut(demo.touchpoints, lambda items: BatchLogTouchpointsRequest(requests=items)),
        metadata,
    )
    return len(demo.customers)
