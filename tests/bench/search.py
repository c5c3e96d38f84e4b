"""Searching among a million customers, within a scope each: the time of one search in the service's
process, everything of it but gRPC, beside the SQL that somebody would write without an index."""

from __future__ import annotations

import asyncio
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Final

import asyncpg
import uvloop

from services.chassis.caller import Caller, Scope
from services.chassis.clock import SystemClock
from services.chassis.ids import Uuid7Ids
from services.chassis.store import Store
from services.chassis.store.migrate import migrate
from services.customer.main import PACKAGE
from services.customer.metadata import metadata
from services.customer.search.actions import Indexing, search
from services.customer.search.model import read_query
from tests.bench import searched
from tests.bench.figures import Figure, median, quantile
from tests.support.engines import database_name, postgres

_CUSTOMERS: Final = 1_000_000
_TARGET_MS: Final = 20.0
_SHOWN: Final = 10
_CALLERS: Final = {
    "ALL": Caller("users/ada", ("admin",), (), Scope.ALL),
    "TEAM, 50,000 customers": Caller("users/mia", ("manager",), ("teams/team-3",), Scope.TEAM),
    "OWN, 1,000 customers": Caller("users/rep-7", ("rep",), (), Scope.OWN),
}
_BARE: Final = (
    "SELECT c.name, c.display_name FROM customers c JOIN customer_search_texts t"
    " ON t.customer = c.name WHERE c.delete_time IS NULL AND t.text LIKE {}"
    " ORDER BY c.update_time DESC LIMIT 10"
)
# Of so many sets of customers each kind of query is asked, in each round.
_CUSTOMERS_ASKED: Final = 5
_SHARES: Final = (0.5, 0.95)


def measure(rounds: int) -> Iterator[Figure]:
    """On SQLite, then on PostgreSQL."""
    with tempfile.TemporaryDirectory(prefix="guanxi-bench-") as name:
        file = Path(name) / "customer.db"
        yield from uvloop.run(_measured(f"sqlite:///{file}", "SQLite", rounds))
    with postgres() as server:
        url = server.create_database()
        tidy = partial(server.execute, "VACUUM ANALYZE", database_name(url))
        yield from uvloop.run(_measured(url, "PostgreSQL", rounds, tidy))


async def _measured(
    url: str, engine: str, rounds: int, tidy: Callable[[], None] = lambda: None
) -> list[Figure]:
    await migrate(url, PACKAGE)
    database = await Store.open(url, metadata=metadata, clock=SystemClock(), ids=Uuid7Ids())
    try:
        await searched.fill(database, _CUSTOMERS)
        indexing, began = Indexing(database), time.perf_counter()
        while await indexing.step():
            pass
        details = {"indexed in": f"{time.perf_counter() - began:,.0f} s"}
        await asyncio.to_thread(tidy)
        bare = f"{median(await _bare(url)):,.0f} ms"
        return [
            await _figure(
                f"search on {engine}, scope {scope}", database, caller, rounds, bare, details
            )
            for scope, caller in _CALLERS.items()
        ]
    finally:
        await database.close()


async def _figure(
    name: str, database: Store, caller: Caller, rounds: int, bare: str, details: dict[str, str]
) -> Figure:
    """The p99 of all searches; each is asked twice and timed the second time."""
    p99s, every = [], []
    for _ in range(rounds):
        times = [
            await _search(database, caller, typed)
            for _, typed in searched.typed(_CUSTOMERS, _CUSTOMERS_ASKED)
        ]
        p99s.append(quantile(times, 0.99))
        every += times
    shown = ", ".join(f"p{100 * share:g} {quantile(every, share):.1f} ms" for share in _SHARES)
    return Figure(
        name=f"{name}, p99",
        value=median(p99s),
        target=_TARGET_MS,
        bound="<=",
        ours=f"{shown}, longest {max(every):.1f} ms",
        yardstick=f"{bare}: text LIKE '%…%' ORDER BY update_time DESC LIMIT 10, who sees all",
        rounds=p99s,
        details={"customers": f"{_CUSTOMERS:,}", **details},
        unit=" ms",
    )


async def _search(database: Store, caller: Caller, typed: str) -> float:
    async with database.read(caller=caller) as tx:
        await search(tx, read_query(typed), _SHOWN)
    began = time.perf_counter()
    async with database.read(caller=caller) as tx:
        await search(tx, read_query(typed), _SHOWN)
    return (time.perf_counter() - began) * 1e3


async def _bare(url: str) -> list[float]:
    """Milliseconds of the bare statement, for what is asked of one set of customers."""
    asked = [read_query(typed).joined for _, typed in searched.typed(_CUSTOMERS, 1)]
    if url.startswith("sqlite"):
        connection = sqlite3.connect(url.removeprefix("sqlite:///"))
        with closing(connection):
            return [_timed(connection, each) for each in asked]
    server = await asyncpg.connect(url.replace("+asyncpg", ""))
    times = []
    for each in asked:
        began = time.perf_counter()
        await server.fetch(_BARE.format("$1"), f"%{each}%")
        times.append((time.perf_counter() - began) * 1e3)
    await server.close()
    return times


def _timed(connection: sqlite3.Connection, asked: str) -> float:
    began = time.perf_counter()
    connection.execute(_BARE.format("?"), (f"%{asked}%",)).fetchall()
    return (time.perf_counter() - began) * 1e3
