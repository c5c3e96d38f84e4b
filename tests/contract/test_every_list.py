"""Every list filters and orders by what its contract says, by nothing else, and reads days as the
company does; and its first page comes from an index, whoever asks.

The lists are those of the contracts, and what they promise is the comments of `filter` and
`order_by`: `Filter (AIP-160) over name, state and create_time.`, `Order by name or create_time, …`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages
from typing import Any

import pytest
from google.protobuf.descriptor_pool import Default
from google.protobuf.message_factory import GetMessageClass
from guanxi.insight.v1.facts_pb2 import CustomerFacts
from guanxi.options.v1 import options_pb2
from sqlalchemy import Table

from services.chassis.descriptors import load_catalogue
from services.chassis.errors import DomainError
from services.chassis.lists import ordering
from services.chassis.lists.paging import Query
from services.chassis.records import Records
from services.chassis.store import OfCustomer, Owned, Through
from tests.support.asks import Asked, World, methods_of
from tests.support.databases import SqliteDatabases
from tests.support.worlds import WORLDS

COMMENTS = load_catalogue().comments
EVERY_FACT = [
    field.name
    for field in CustomerFacts.DESCRIPTOR.fields
    if field.GetOptions().HasExtension(options_pb2.fact)
]
PROMISED = {
    "filter": re.compile(r"Filter \(AIP-160\) over ((?:[a-z0-9_, `]|\.(?=[a-z]))+)"),
    "order_by": re.compile(r"Order by ([a-z0-9_, ]+?),? (?:each )?with an optional `desc`"),
}
OFFERED = re.compile(r"fields are ([a-z0-9_., ]+?)(?: at position|$)")
UNKNOWN = {"filter": "no_such_field = 1", "order_by": "no_such_field"}


def lists_of(service: str) -> list[Asked]:
    return [
        each
        for each in methods_of(service)
        if {"filter", "order_by", "page_size"} <= set(request_of(each).DESCRIPTOR.fields_by_name)
    ]


def request_of(asked: Asked) -> Any:
    return GetMessageClass(Default().FindMessageTypeByName(asked.method.request_type))()


def promised(asked: Asked, argument: str) -> set[str]:
    comment = COMMENTS[f"{asked.method.request_type}.{argument}"].replace("\n", " ")
    found = PROMISED[argument].match(comment)
    assert found, f"{asked.name} doesn't say what its {argument} is over: {comment}"
    listed = found[1].replace("every fact", ", ".join(EVERY_FACT)).replace("`", "")
    return set(re.split(r", (?:and )?| and | or ", listed.strip()))


async def ask(world: World, asked: Asked, **arguments: str) -> DomainError | None:
    """Why the list refuses, if it does; it is empty."""
    request = request_of(asked)
    if asked.name in world.asks:
        request = world.asks[asked.name].request("anybody")
    for argument, value in arguments.items():
        setattr(request, argument, value)
    try:
        await getattr(asked.stub(await world.service.channel()), asked.name)(request)
    except DomainError as error:
        return error
    return None


async def offered(world: World, asked: Asked, argument: str) -> set[str]:
    refused = await ask(world, asked, **{argument: UNKNOWN[argument]})
    found = OFFERED.search(refused.violations[0].description if refused else "")
    assert found, f"{asked.name} takes a {argument} over nothing: {refused}"
    return set(found[1].split(", "))


async def broken_promises(world: World, asked: Asked) -> list[str]:
    """Fields that are promised and not offered, or the other way round, and times that can't be
    compared with a day of the company."""
    broken = []
    fields = await offered(world, asked, "filter")
    if differing := fields ^ promised(asked, "filter"):
        broken.append(f"filters by {sorted(differing)}")
    if differing := await offered(world, asked, "order_by") ^ promised(asked, "order_by"):
        broken.append(f"orders by {sorted(differing)}")
    times = [each for each in fields if each.endswith("_time")]
    deaf = [each for each in times if await ask(world, asked, filter=f"{each} > days(-1)")]
    return [*broken, *(f"can't compare {each} with days(-1)" for each in deaf)]


@pytest.mark.parametrize("service", WORLDS)
async def test_a_list_keeps_what_its_contract_promises(service: str, tmp_path: Path) -> None:
    async with WORLDS[service](SqliteDatabases(tmp_path)) as world:
        broken = {each.name: await broken_promises(world, each) for each in lists_of(service)}
    assert broken
    assert {name: found for name, found in broken.items() if found} == {}


def queries() -> Iterator[Query]:
    """What lists that can be filtered are declared by, beside their tables. (Facts have theirs made
    for the company's currency, and are read by generation.)"""
    for service in WORLDS:
        package = import_module(f"services.{service}")
        for found in walk_packages(package.__path__, f"{package.__name__}."):
            if "store" in found.name.split("."):
                for each in vars(import_module(found.name)).values():
                    query = each._query if isinstance(each, Records) else each
                    if isinstance(query, Query) and query.fields:
                        yield query


def limits(table: Table) -> list[str]:
    """The columns by which callers see a part of the table's rows."""
    sight = table.info["sight"]
    if isinstance(sight, OfCustomer):
        alone = sight.alone or Owned(sight.customer)
        return [sight.customer, *filter(None, (alone.owner, alone.team, sight.assignee))]
    if isinstance(sight, Owned):
        return [each for each in (sight.owner, sight.team, sight.assignee) if each]
    return [sight.key] if isinstance(sight, Through) else []


def unserved(query: Query) -> list[str]:
    """The first page in the default order, of everybody or of somebody, without an index."""
    table = query.tie_breaker.table
    keys = [query.order[key.field].name for key in ordering.parse(query.default_order, query.order)]
    order = list(dict.fromkeys([*keys, query.tie_breaker.name]))
    there = [[each.name for each in index.columns] for index in table.indexes]
    there.append([each.name for each in table.primary_key.columns])
    wanted = [order, *([limit, *order] for limit in limits(table))]
    return [
        f"{table.name}: {', '.join(each)}"
        for each in wanted
        if not any(index[: len(each)] == each for index in there)
    ]


def test_the_first_page_of_a_list_comes_from_an_index_whoever_asks() -> None:
    assert sorted({lacking for query in queries() for lacking in unserved(query)}) == []
