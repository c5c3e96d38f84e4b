"""One import from file to finish: collect, send, and wait until insight has caught up."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

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
from cli.imports import customers, orders, organizations, touchpoints
from cli.imports.job import Job, Options, prepare
from cli.imports.keyless import expect_customers_of_orders, expect_keys_of_customers
from cli.imports.orders import PendingOrder
from cli.imports.persons import expect_whole_names, with_employers
from cli.imports.progress import advancing, bars
from cli.imports.reading import Reading
from cli.imports.refusals import Refusals
from cli.imports.result import Result, SoFar
from cli.imports.sending import Call, Tally, cut, send_batches, side_by_side
from cli.imports.settling import send_settled
from cli.imports.survey import FIELDS, survey

# What to do about what exists already with other content. An order isn't changed but cancelled, and
# keeps its key.
_ADVICE = {
    "customers": "change it with PATCH /v1/{name}",
    "orders": "cancel it with POST /v1/{name}:cancel and import the right one under another key",
    "touchpoints": "import the right one under another key",
}
_TO_COME = frozenset({"PRODUCT_NOT_FOUND", "PARENT_ORGANIZATION_NOT_FOUND"})


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
_ORGANIZATIONS = replace(_CUSTOMERS, noun="organizations")
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


async def import_orders(options: Options, so_far: SoFar) -> tuple[Job, Result, Refusals]:
    """Imports order lines, with the customers and products they speak of.

    The file is read twice: what it holds is known after the first time, so that the second time
    each order is sent as soon as its last row is read, while the services work on those before.
    """
    refusals = Refusals()
    async with connect() as connection:
        job = await prepare(options, FIELDS, connection)
        expect_customers_of_orders(job.columns, job.chosen, job.source.header)
        reading = Reading(job.columns, job.style)
        found = survey(
            job.source,
            reading,
            refusals,
            repeated_rows=options.repeated_rows,
            names_may_differ=options.names_may_differ,
        )
        result = Result(found.row_count)
        with bars() as progress:
            # Different services write them, and neither waits for the other.
            customers_sent, products_sent = await side_by_side(
                _send(
                    _CUSTOMERS, job, connection, progress, so_far, list(found.customers.values())
                ),
                _send(_PRODUCTS, job, connection, progress, so_far, list(found.products.values())),
            )
            refused = dict(_refused_names("customers", found.customers, customers_sent))
            refused.update(_refused_names("products", found.products, products_sent))
            collector = orders.Collector(reading, found, refusals=refusals, refused=refused)
            lines: list[list[int]] = []
            orders_sent = await send_batches(
                OrderServiceStub(connection.channel).BatchCreateOrders,
                orders.order_batches(
                    _noting_lines(collector.collect(job.source.rows()), lines),
                    validate_only=job.dry_run,
                ),
                connection.metadata,
                advancing(progress, "Orders", len(found.row_counts)),
                so_far.tally("orders"),
            )
        _count_named(result, "customers", customers_sent)
        _count_named(result, "products", products_sent)
        if job.dry_run:
            _forgive_what_is_to_come(orders_sent)
        _refuse(refusals, orders_sent, lines)
        _count(result, "orders", orders_sent, len(found.row_counts) - len(lines))
        await _settle(job, connection)
    return job, result, refusals


async def import_customers(options: Options, so_far: SoFar) -> tuple[Job, Result, Refusals]:
    """Imports customers, with the organizations that their people belong to."""
    refusals = Refusals()
    async with connect() as connection:
        job = await prepare(options, customers.FIELDS, connection)
        header = job.source.header
        job = replace(job, columns=with_employers(job.columns, job.chosen, header))
        customers.expect_a_name(job.columns, header)
        expect_whole_names(job.columns, header, job.source.rows())
        expect_keys_of_customers(job.columns, job.chosen, header, job.source.rows())
        collector = customers.Collector(job.columns, job.style, refusals=refusals)
        new = collector.collect(job.source.rows(refusals.add_misfit))
        result = Result(len(new) + len(refusals.reasons))
        # Organizations go first, for people are told apart from who belongs to nobody.
        made, gone = await organizations.belong(new, refusals, connection)
        owners = {each.request.customer.owner for each in new}
        gone.update(job.style.people.gone(owners))
        new.sort(key=lambda each: bool(each.company))
        unreadable = len(refusals.reasons)
        with bars() as progress:
            send = partial(_send, _CUSTOMERS, job, connection, progress)
            if made:
                sent = await _send(_ORGANIZATIONS, job, connection, progress, so_far, made)
                _count_named(result, "organizations", sent)
                named = {each.customer_id: each for each in made}
                gone.update(
                    (name, f"it was refused: {why}")
                    for name, why in _refused_names("customers", named, sent)
                )
            tally = await send_settled(new, gone, send, so_far, refusals)
        lines = [each.line for each in new]
        _count_items(job, _CUSTOMERS, lines, tally, refusals, result, unreadable)
        await _settle(job, connection)
    return job, result, refusals


async def import_touchpoints(options: Options, so_far: SoFar) -> tuple[Job, Result, Refusals]:
    """Imports touchpoints."""
    refusals = Refusals()
    async with connect() as connection:
        job = await prepare(options, touchpoints.FIELDS, connection)
        collector = touchpoints.Collector(job.columns, job.style, refusals=refusals)
        numbered = collector.collect(job.source.rows(refusals.add_misfit))
        unreadable = len(refusals.reasons)
        result = Result(len(numbered) + unreadable)
        with bars() as progress:
            items = [request for _, request in numbered]
            tally = await _send(_TOUCHPOINTS, job, connection, progress, so_far, items)
        lines = [line for line, _ in numbered]
        _count_items(job, _TOUCHPOINTS, lines, tally, refusals, result, unreadable)
        await _settle(job, connection)
    return job, result, refusals


def _count_items(
    job: Job,
    kind: Kind,
    lines: Sequence[int],
    tally: Tally,
    refusals: Refusals,
    result: Result,
    unreadable: int,
) -> None:
    if job.dry_run:
        _forgive_what_is_to_come(tally)
    _refuse(refusals, tally, [[line] for line in lines])
    _count(result, kind.noun, tally, unreadable)


async def _send(
    kind: Kind,
    job: Job,
    connection: Connection,
    progress: Progress,
    so_far: SoFar,
    items: Sequence[Message],
) -> Tally:
    return await send_batches(
        kind.method(connection.channel),
        cut(items, lambda some: kind.batch(requests=some, validate_only=job.dry_run)),
        connection.metadata,
        advancing(progress, kind.noun.capitalize(), len(items)),
        so_far.tally(kind.noun),
    )


def _refused_names(
    collection: str, sent: Mapping[str, Message], tally: Tally
) -> Iterator[tuple[str, str]]:
    """The names of what was refused of the items sent, each with the reason."""
    identifiers = list(sent)
    for index, status in tally.refused.items():
        yield f"{collection}/{identifiers[index]}", describe(status)


def _noting_lines(ready: Iterable[PendingOrder], lines: list[list[int]]) -> Iterator[PendingOrder]:
    """The orders as they come; the lines of each are appended, for what may be refused of them."""
    for order in ready:
        lines.append(order.rows)
        yield order


def _refuse(refusals: Refusals, tally: Tally, lines: list[list[int]]) -> None:
    for index, status in tally.refused.items():
        refusals.add(lines[index], describe(status))
    for index, name in tally.changed_elsewhere.items():
        refusals.add(lines[index], _exists_already(name))


def _exists_already(name: str) -> str:
    *_, collection, _ = ("", "", *name.split("/"))
    advice = _ADVICE.get(collection, "change it over the API").format(name=name)
    return (
        f"{name} exists already with other content and stays as it is, for an import only adds:"
        f" {advice}"
    )


def _count(result: Result, noun: str, tally: Tally, refused_here: int) -> None:
    refused = refused_here + len(tally.refused) + len(tally.changed_elsewhere)
    result.add(noun, tally.created, tally.unchanged, refused)


def _count_named(result: Result, noun: str, tally: Tally) -> None:
    """Counts customers and products that order lines only name: one with other content is kept
    as it is, for its own record knows better than an order line."""
    unchanged = tally.unchanged + len(tally.changed_elsewhere)
    result.add(noun, tally.created, unchanged, len(tally.refused))


def _forgive_what_is_to_come(tally: Tally) -> None:
    """In a dry run the products and organizations of the file aren't there yet: that is no reason
    to refuse."""

    def to_come(status: status_pb2.Status) -> bool:
        return error_info(status).reason in _TO_COME

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
