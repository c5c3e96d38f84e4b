"""One import from file to finish: collect, send, and wait until insight has caught up."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo

import grpc
from google.protobuf.message import Message
from google.rpc import status_pb2
from guanxi.customer.v1.customers_pb2 import BatchCreateCustomersRequest
from guanxi.customer.v1.customers_pb2_grpc import CustomerServiceStub
from guanxi.customer.v1.touchpoints_pb2 import BatchLogTouchpointsRequest
from guanxi.customer.v1.touchpoints_pb2_grpc import TouchpointServiceStub
from guanxi.insight.v1.segments_pb2 import RunSegmentationRequest
from guanxi.insight.v1.segments_pb2_grpc import SegmentServiceStub
from guanxi.sales.v1.orders_pb2_grpc import OrderServiceStub
from guanxi.sales.v1.products_pb2 import BatchCreateProductsRequest
from guanxi.sales.v1.products_pb2_grpc import ProductServiceStub
from rich.progress import Progress

from cli.connection import Connection, connect, describe, error_info
from cli.feeds import wait_until_caught_up
from cli.imports import customers, orders, touchpoints
from cli.imports.columns import Field, locate
from cli.imports.orders import PendingOrder
from cli.imports.progress import advancing, bars
from cli.imports.refusals import Refusals
from cli.imports.result import Result
from cli.imports.sending import Call, Tally, cut, send_batches, side_by_side
from cli.imports.sources import Source
from cli.imports.survey import FIELDS, Reading, Survey, survey

_EXISTS_CHANGED = "exists already with other content"


@dataclass(frozen=True, slots=True)
class Kind:
    """What is sent in batches: its word for people, its method, and that method's request."""

    noun: str
    method: Callable[[grpc.aio.Channel], Call]
    batch: Callable[..., Message]


_CUSTOMERS = Kind(
    "customers",
    lambda channel: CustomerServiceStub(channel).BatchCreateCustomers,
    BatchCreateCustomersRequest,
)
_PRODUCTS = Kind(
    "products",
    lambda channel: ProductServiceStub(channel).BatchCreateProducts,
    BatchCreateProductsRequest,
)
_TOUCHPOINTS = Kind(
    "touchpoints",
    lambda channel: TouchpointServiceStub(channel).BatchLogTouchpoints,
    BatchLogTouchpointsRequest,
)


@dataclass(frozen=True, slots=True)
class Job:
    """What to import and how."""

    source: Source
    columns: dict[str, str]
    zone: ZoneInfo
    currency: str
    dry_run: bool
    wait: bool

    def locate(self, fields: Sequence[Field]) -> dict[str, int]:
        """Field name to column index of this job's file."""
        return locate(fields, self.source.header, self.columns)

    @property
    def refused_path(self) -> Path:
        """Where the refused rows go: beside the file, or here if that folder is read-only."""
        return Path.cwd() / f"{self.source.path.name.removesuffix('.gz')}.refused.csv"


async def import_orders(job: Job) -> tuple[Result, Refusals]:
    """Imports order lines, with the customers and products they speak of.

    The file is read twice: what it holds is known after the first time, so that the second time
    each order is sent as soon as its last row is read, while the services work on those before.
    """
    refusals = Refusals()
    reading = Reading(job.locate(FIELDS), currency=job.currency, zone=job.zone)
    found = survey(job.source.rows(), reading)
    result = Result(found.row_count, job.dry_run)
    async with connect() as connection:
        with bars() as progress:
            # Different services write them, and neither waits for the other.
            customer_tally, (product_tally, order_tally, lines) = await side_by_side(
                _send(_CUSTOMERS, list(found.customers.values()), job, connection, progress),
                _send_products_and_orders(found, reading, refusals, job, connection, progress),
            )
        _count_named(result, "customers", customer_tally)
        _count_named(result, "products", product_tally)
        if job.dry_run:
            _forgive_products_to_come(order_tally)
        _refuse(refusals, order_tally, lines)
        _count(result, "orders", order_tally, len(found.row_counts) - len(lines))
        await _settle(job, connection)
    return result, refusals


async def _send_products_and_orders(
    found: Survey,
    reading: Reading,
    refusals: Refusals,
    job: Job,
    connection: Connection,
    progress: Progress,
) -> tuple[Tally, Tally, list[list[int]]]:
    """What became of products and orders, and the lines of every order that was sent."""
    products = await _send(_PRODUCTS, list(found.products.values()), job, connection, progress)
    collector = orders.Collector(reading, found.row_counts, refusals=refusals)
    lines: list[list[int]] = []
    sent = await send_batches(
        OrderServiceStub(connection.channel).BatchCreateOrders,
        orders.order_batches(
            _noting_lines(collector.collect(job.source.rows()), lines), validate_only=job.dry_run
        ),
        connection.metadata,
        advancing(progress, "Orders", len(found.row_counts)),
    )
    return products, sent, lines


async def import_customers(job: Job) -> tuple[Result, Refusals]:
    """Imports customers."""
    refusals = Refusals()
    collector = customers.Collector(job.locate(customers.FIELDS), zone=job.zone, refusals=refusals)
    numbered = collector.collect(job.source.rows())
    return await _import_items(job, _CUSTOMERS, numbered, refusals)


async def import_touchpoints(job: Job) -> tuple[Result, Refusals]:
    """Imports touchpoints."""
    refusals = Refusals()
    collector = touchpoints.Collector(
        job.locate(touchpoints.FIELDS), zone=job.zone, refusals=refusals
    )
    numbered = collector.collect(job.source.rows())
    return await _import_items(job, _TOUCHPOINTS, numbered, refusals)


async def _import_items(
    job: Job, kind: Kind, numbered: Sequence[tuple[int, Message]], refusals: Refusals
) -> tuple[Result, Refusals]:
    unreadable = len(refusals.reasons)
    result = Result(len(numbered) + unreadable, job.dry_run)
    async with connect() as connection:
        with bars() as progress:
            items = [request for _, request in numbered]
            tally = await _send(kind, items, job, connection, progress)
        _refuse(refusals, tally, [[line] for line, _ in numbered])
        _count(result, kind.noun, tally, unreadable)
        await _settle(job, connection)
    return result, refusals


async def _send(
    kind: Kind, items: Sequence[Message], job: Job, connection: Connection, progress: Progress
) -> Tally:
    return await send_batches(
        kind.method(connection.channel),
        cut(items, lambda some: kind.batch(requests=some, validate_only=job.dry_run)),
        connection.metadata,
        advancing(progress, kind.noun.capitalize(), len(items)),
    )


def _noting_lines(ready: Iterable[PendingOrder], lines: list[list[int]]) -> Iterator[PendingOrder]:
    """The orders as they come; the lines of each are appended, for what may be refused of them."""
    for order in ready:
        lines.append(order.rows)
        yield order


def _refuse(refusals: Refusals, tally: Tally, lines: list[list[int]]) -> None:
    for index, status in tally.refused.items():
        refusals.add(lines[index], describe(status))
    for index in tally.changed_elsewhere:
        refusals.add(lines[index], _EXISTS_CHANGED)


def _count(result: Result, noun: str, tally: Tally, refused_here: int) -> None:
    refused = refused_here + len(tally.refused) + len(tally.changed_elsewhere)
    result.add(noun, tally.created, tally.unchanged, refused)


def _count_named(result: Result, noun: str, tally: Tally) -> None:
    """Counts customers and products that order lines only name: one with other content is kept
    as it is, for its own record knows better than an order line."""
    unchanged = tally.unchanged + len(tally.changed_elsewhere)
    result.add(noun, tally.created, unchanged, len(tally.refused))


def _forgive_products_to_come(tally: Tally) -> None:
    """In a dry run the products of the file aren't there yet: that is no reason to refuse."""

    def to_come(status: status_pb2.Status) -> bool:
        return error_info(status).reason == "PRODUCT_NOT_FOUND"

    forgiven = [index for index, status in tally.refused.items() if to_come(status)]
    for index in forgiven:
        del tally.refused[index]
    tally.created += len(forgiven)


async def _settle(job: Job, connection: Connection) -> None:
    """Waits until insight has read everything, then has the cut points drawn anew."""
    if job.dry_run or not job.wait:
        return
    await wait_until_caught_up(connection)
    await SegmentServiceStub(connection.channel).RunSegmentation(
        RunSegmentationRequest(), metadata=connection.metadata, timeout=600
    )
