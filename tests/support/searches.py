"""Asking for customers by what is typed, and the index that is made meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from typing import Any

from guanxi.customer.v1.customers_pb2 import (
    BatchCreateCustomersRequest,
    CreateCustomerRequest,
    Customer,
)
from guanxi.customer.v1.search_pb2 import SearchCustomersRequest, SearchResult

from services.chassis.caller import Caller
from services.chassis.store import Store
from services.customer.search import store as index
from services.customer.search.actions import Indexing
from tests.support.office import Desk

__all__ = ["create_all", "find", "found_by", "indexed", "numbered"]


async def find(desk: Desk, query: str, page_size: int = 0) -> list[SearchResult]:
    request = SearchCustomersRequest(query=query, page_size=page_size)
    return list((await desk.search.SearchCustomers(request)).results)


async def found_by(desk: Desk, query: str, page_size: int = 0) -> list[str]:
    """The ids of those who are found, best first."""
    results = await find(desk, query, page_size)
    return [each.customer.removeprefix("customers/") for each in results]


async def create_all(desk: Desk, named: Mapping[str, str], **fields: Any) -> None:
    """Creates customers by id and name, in one batch."""
    new = [
        CreateCustomerRequest(
            customer_id=id, customer=Customer(display_name=display_name, **fields)
        )
        for id, display_name in named.items()
    ]
    reply = await desk.customers.BatchCreateCustomers(BatchCreateCustomersRequest(requests=new))
    assert not reply.failed_requests, reply.failed_requests


async def indexed(store: Store) -> None:
    """Waits until whatever is enough for a block is in one, with the service's own task at it."""
    async with asyncio.timeout(60):
        while await Indexing(store).step() or await _left(store):  # noqa: ASYNC110 - as above
            await asyncio.sleep(0.01)


async def _left(store: Store) -> bool:
    async with store.read(caller=Caller.system("tests")) as tx:
        return len(await index.to_index(tx)) >= 512 or bool(await index.outdated(tx, 1))


def numbered(count: int, names: Iterable[str]) -> dict[str, str]:
    """So many customers, `n-0` and on, with names that take turns."""
    given = list(names)
    return {f"n-{number}": given[number % len(given)] for number in range(count)}
