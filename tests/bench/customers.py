"""Customers to read: made through the suite's own API, before anything is measured."""

from __future__ import annotations

from collections.abc import Iterator

import grpc
from google.protobuf.timestamp_pb2 import Timestamp
from guanxi.customer.v1.contact_points_pb2 import EmailAddress, PhoneNumber
from guanxi.customer.v1.customers_pb2 import (
    BatchCreateCustomersRequest,
    CreateCustomerRequest,
    Customer,
)
from guanxi.customer.v1.customers_pb2_grpc import CustomerServiceStub

_BATCH = 1_000
_FIRST_SEEN = Timestamp(seconds=1_700_000_000)


async def fill(port: int, authorization: str, count: int) -> None:
    """Creates `customers/bench-0` and so on at a gRPC port that takes this authorization."""
    metadata = (("authorization", authorization),)
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        stub = CustomerServiceStub(channel)
        for batch in _batches(count):
            reply = await stub.BatchCreateCustomers(batch, metadata=metadata, timeout=60)
            assert not reply.failed_requests, reply.failed_requests


def _batches(count: int) -> Iterator[BatchCreateCustomersRequest]:
    for first in range(0, count, _BATCH):
        yield BatchCreateCustomersRequest(
            requests=[_request(number) for number in range(first, min(first + _BATCH, count))]
        )


def _request(number: int) -> CreateCustomerRequest:
    return CreateCustomerRequest(
        customer_id=f"bench-{number}",
        customer=Customer(
            display_name=f"Bench Trading {number}",
            kind=Customer.ORGANIZATION,
            phones=[PhoneNumber(number=f"+44 20 7946 {number % 10_000:04d}")],
            emails=[EmailAddress(address=f"buying@bench-{number}.example")],
            industry="wholesale",
            region="United Kingdom",
            owner=f"users/rep-{number % 20}",
            team="teams/north",
            source="REFERRAL",
            first_seen_time=_FIRST_SEEN,
        ),
    )
