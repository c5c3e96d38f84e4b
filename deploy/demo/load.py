"""Sends the demo to a running suite through the gateway. Loading it again changes nothing."""

from __future__ import annotations

from datetime import date

from guanxi.customer.v1.contacts_pb2 import BatchCreateContactsRequest
from guanxi.customer.v1.contacts_pb2_grpc import ContactServiceStub
from guanxi.customer.v1.customers_pb2 import BatchCreateCustomersRequest
from guanxi.customer.v1.customers_pb2_grpc import CustomerServiceStub
from guanxi.customer.v1.touchpoints_pb2 import BatchLogTouchpointsRequest
from guanxi.customer.v1.touchpoints_pb2_grpc import TouchpointServiceStub
from guanxi.sales.v1.orders_pb2 import BatchCreateOrdersRequest
from guanxi.sales.v1.orders_pb2_grpc import OrderServiceStub
from guanxi.sales.v1.products_pb2 import BatchCreateProductsRequest
from guanxi.sales.v1.products_pb2_grpc import ProductServiceStub

from cli.connection import CommandError, Connection, Metadata, describe
from cli.imports.sending import Batches, Call, Request, cut, send_batches
from deploy.demo.generate import generate


async def load(connection: Connection, today: date, currency: str) -> int:
    """Loads products, customers, contacts, orders and touchpoints; returns the number of customers.

    Raises:
        CommandError: the suite refused something or stayed unreachable.
    """
    demo = generate(today, currency)
    channel, metadata = connection.channel, connection.metadata
    await _send(
        ProductServiceStub(channel).BatchCreateProducts,
        cut(demo.products, lambda items: BatchCreateProductsRequest(requests=items)),
        metadata,
    )
    await _send(
        CustomerServiceStub(channel).BatchCreateCustomers,
        cut(demo.customers, lambda items: BatchCreateCustomersRequest(requests=items)),
        metadata,
    )
    await _send(
        ContactServiceStub(channel).BatchCreateContacts,
        cut(demo.contacts, lambda items: BatchCreateContactsRequest(requests=items)),
        metadata,
    )
    await _send(
        OrderServiceStub(channel).BatchCreateOrders,
        cut(demo.orders, lambda items: BatchCreateOrdersRequest(requests=items)),
        metadata,
    )
    await _send(
        TouchpointServiceStub(channel).BatchLogTouchpoints,
        cut(demo.touchpoints, lambda items: BatchLogTouchpointsRequest(requests=items)),
        metadata,
    )
    return len(demo.customers)


async def _send(call: Call, batches: Batches[Request], metadata: Metadata) -> None:
    tally = await send_batches(call, batches, metadata)
    if tally.refused:
        reason = describe(next(iter(tally.refused.values())))
        raise CommandError(f"{len(tally.refused)} items of the demo were refused: {reason}")
