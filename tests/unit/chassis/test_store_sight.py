"""Who sees a row and who may work on it, on both engines: owners, teams, those who are named for
it, and rows that are seen as others are."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
import sqlalchemy as sa
from sqlalchemy import Column, Table, bindparam, delete, func, insert, select, update

from services.chassis.caller import Caller, Scope
from services.chassis.clock import SystemClock
from services.chassis.errors import DomainError, Kind
from services.chassis.ids import Uuid7Ids
from services.chassis.store import (
    OfCustomer,
    Owned,
    Store,
    WriteTransaction,
    new_metadata,
)
from tests.support.sight import (
    CLIENTS,
    SYSTEM,
    bill_lines,
    bills,
    calls,
    clients,
    collaborators,
    opened_clients,
    rep,
    sheets,
    visits,
)

ANN, BOB, DORA, EVE, ZOE = (rep(name) for name in ("ann", "bob", "dora", "eve", "zoe"))
NORTH = rep("nora", Scope.TEAM)
ALL = rep("olga", Scope.ALL)
# A team without a name is not that of the rows that have none.
NAMELESS = Caller("users/mia", ("rep",), ("",), Scope.TEAM)
BESIDES = Caller("users/noa", ("rep",), ("", "teams/north"), Scope.TEAM)
EVERY = sorted(CLIENTS)
# Caller: the clients they see, those they may work on.
SIGHT = {
    ANN: (["anns", "bobs", "carls"], ["anns", "carls"]),
    BOB: (["bobs"], ["bobs"]),
    DORA: (["pooled"], []),
    EVE: ([], []),
    ZOE: ([], []),
    NORTH: (["anns", "bobs"], ["anns", "bobs"]),
    NAMELESS: ([], []),
    BESIDES: (["anns", "bobs"], ["anns", "bobs"]),
    ALL: (EVERY, EVERY),
}
# Beside the rows of clients one sees. zoe sold a bill to each client: that shows her none of them.
OWN_ROWS = {
    visits: {EVE: ["visit-carls"]},
    bills: {
        ANN: ["bill-early-ann", "bill-walkin-ann"],
        ZOE: ["bill-walkin-zoe"],
        ALL: ["bill-early-ann", "bill-walkin-ann", "bill-walkin-zoe"],
    },
    bill_lines: {
        ANN: ["line-early-ann", "line-walkin-ann"],
        ZOE: ["line-walkin-zoe"],
        ALL: ["line-early-ann", "line-walkin-ann", "line-walkin-zoe"],
    },
    calls: {},
    clients: {},
}
PREFIX = {clients: "", calls: "call-", visits: "visit-", bills: "bill-", bill_lines: "line-"}
TABLES = [pytest.param(table, id=table.name) for table in PREFIX]
EVERYTHING = [(table, caller) for table in PREFIX for caller in SIGHT]


@pytest.fixture
async def store(database_url: str) -> AsyncIterator[Store]:
    async with opened_clients(database_url) as store:
        yield store


def expected(table: Table, caller: Caller, names: list[str]) -> list[str]:
    own: list[str] = OWN_ROWS[table].get(caller, [])
    return sorted({f"{PREFIX[table]}{name}" for name in names} | set(own))


async def names(store: Store, table: Table, caller: Caller) -> list[str]:
    async with store.read(caller=caller) as tx:
        return sorted(row.name for row in await tx.all(select(table.c.name)))


async def test_a_list_shows_what_the_caller_sees(store: Store) -> None:
    for table, caller in EVERYTHING:
        assert await names(store, table, caller) == expected(table, caller, SIGHT[caller][0])


async def test_a_statement_built_once_shows_each_caller_the_same_as_a_list(store: Store) -> None:
    for table in PREFIX:
        by_key = select(table.c.name).where(table.c.name == bindparam("key"))
        there = await names(store, table, SYSTEM)
        for caller in SIGHT:
            async with store.read(caller=caller) as tx:
                found = [name for name in there if await tx.scalar(by_key, {"key": name}) == name]
            assert found == expected(table, caller, SIGHT[caller][0])


async def test_joins_counts_and_aliases_show_no_more(store: Store) -> None:
    for table, caller in EVERYTHING:
        seen = expected(table, caller, SIGHT[caller][0])
        one, two = table.alias("one"), table.alias("two")
        joined = select(one.c.name).join_from(one, two, one.c.name == two.c.name)
        outer = select(one.c.name, two.c.name).join_from(
            one, two, one.c.name == two.c.name, isouter=True
        )
        async with store.read(caller=caller) as tx:
            assert await tx.scalar(select(func.count()).select_from(table)) == len(seen)
            assert sorted(row.name for row in await tx.all(joined)) == seen
            assert sorted(row[1] for row in await tx.all(outer)) == seen


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("built_once", [True, False])
async def test_each_row_is_changed_refused_or_not_found(
    store: Store, table: Table, built_once: bool
) -> None:
    prepared = update(table).where(table.c.name == bindparam("key")).values(text=bindparam("by"))

    async def changed(tx: WriteTransaction, name: str, by: str) -> str:
        if built_once:
            return "changed" if await tx.run(prepared, {"key": name, "by": by}) else ""
        anew = update(table).where(table.c.name == name).values(text=by)
        return "changed" if await tx.run(anew) else ""

    for caller, (reads, works) in SIGHT.items():
        seen, workable = expected(table, caller, reads), expected(table, caller, works)
        by = f"by {caller.subject}"
        outcomes = {
            name: await outcome(store, caller, lambda tx, n=name, b=by: changed(tx, n, b))
            for name in await names(store, table, SYSTEM)
        }
        assert [name for name, each in outcomes.items() if each == "changed"] == workable
        refused = {name: each for name, each in outcomes.items() if each not in ("changed", "")}
        assert refused == {name: f"WORK_NEEDED {name}" for name in seen if name not in workable}
        async with store.read(caller=SYSTEM) as tx:
            written = await tx.all(select(table.c.name).where(table.c.text == by))
        assert sorted(row.name for row in written) == workable


async def outcome(store: Store, caller: Caller, work: Callable[..., Awaitable[str]]) -> str:
    """What the work says, or the reason and the row it is refused with."""
    try:
        return await store.write(work, caller=caller)
    except DomainError as error:
        return f"{error.reason} {error.metadata['resource']}"


async def test_what_an_owner_shares_everybody_reads_and_they_alone_change(store: Store) -> None:
    prepared = update(sheets).where(sheets.c.name == bindparam("key")).values(text="changed")

    async def change(tx: WriteTransaction, name: str) -> str:
        return "changed" if await tx.run(prepared, {"key": name}) else ""

    sight = {
        ANN: (["sheet-all", "sheet-ann"], ["changed", "WORK_NEEDED sheet-all", ""]),
        BOB: (["sheet-all", "sheet-bob"], ["", "changed", "changed"]),
        # Whose team the owner is in is no matter.
        NORTH: (["sheet-all"], ["", "WORK_NEEDED sheet-all", ""]),
        EVE: (["sheet-all"], ["", "WORK_NEEDED sheet-all", ""]),
        ALL: (["sheet-all", "sheet-ann", "sheet-bob"], ["changed", "changed", "changed"]),
    }
    for caller, (reads, outcomes) in sight.items():
        assert await names(store, sheets, caller) == reads
        assert [
            await outcome(store, caller, lambda tx, n=name: change(tx, n))
            for name in ("sheet-ann", "sheet-all", "sheet-bob")
        ] == outcomes
    async with store.read(caller=EVE) as tx:
        assert not await tx.all(select(sheets.c.name).where(sheets.c.shared.is_(False)))


async def test_deleting_takes_work_too(store: Store) -> None:
    async def remove(tx: WriteTransaction, client: str) -> int:
        return await tx.run(delete(calls).where(calls.c.client == client))

    assert await store.write(lambda tx: remove(tx, "carls"), caller=ANN) == 1
    assert await store.write(lambda tx: remove(tx, "pooled"), caller=ANN) == 0
    with pytest.raises(DomainError) as refused:
        await store.write(lambda tx: remove(tx, "bobs"), caller=ANN)
    assert refused.value.reason == "WORK_NEEDED"


async def test_one_row_that_may_only_be_read_refuses_all_that_are_changed_together(
    store: Store,
) -> None:
    statement = update(clients).where(clients.c.name == bindparam("key")).values(text="changed")

    async def change(tx: WriteTransaction, *keys: str) -> None:
        await tx.run_many(statement, [{"key": key} for key in keys])

    await store.write(lambda tx: change(tx, "anns", "carls", "pooled"), caller=ANN)
    with pytest.raises(DomainError) as refused:
        await store.write(lambda tx: change(tx, "anns", "bobs"), caller=ANN)
    assert refused.value.reason == "WORK_NEEDED"


async def test_before_a_row_gets_another_its_parent_is_asked_for(store: Store) -> None:
    async def log(tx: WriteTransaction, *on: str) -> None:
        await tx.expect_work(clients, *on)

    await store.write(lambda tx: log(tx, "anns", "carls"), caller=ANN)
    with pytest.raises(DomainError) as unseen:
        await store.write(lambda tx: log(tx, "anns", "pooled"), caller=ANN)
    assert (unseen.value.kind, unseen.value.metadata) == (Kind.NOT_FOUND, {"resource": "pooled"})
    with pytest.raises(DomainError) as read_only:
        await store.write(lambda tx: log(tx, "anns", "bobs"), caller=ANN)
    assert read_only.value.reason == "WORK_NEEDED"
    with pytest.raises(DomainError) as absent:
        await store.write(lambda tx: log(tx, "nobody"), caller=ALL)
    assert absent.value.kind is Kind.NOT_FOUND
    await store.write(lambda tx: log(tx, *EVERY), caller=ALL)
    await store.write(lambda tx: log(tx, "bobs"), caller=BOB)


async def test_what_a_collaborator_may_do_ends_with_their_name_in_the_table(store: Store) -> None:
    async def leave(tx: WriteTransaction) -> int:
        return await tx.run(delete(collaborators).where(collaborators.c.subject == "users/ann"))

    await store.write(leave, caller=SYSTEM)
    assert await names(store, calls, ANN) == ["call-anns"]


async def test_who_else_is_named_is_seen_by_whoever_sees_the_row(store: Store) -> None:
    named = select(collaborators.c.client)
    async with store.read(caller=BOB) as tx:
        assert [row.client for row in await tx.all(named)] == ["bobs"]
    async with store.read(caller=EVE) as tx:
        assert not await tx.all(named)


async def test_a_query_that_reads_the_collaborators_itself_is_limited_all_the_same(
    store: Store,
) -> None:
    joined = (
        select(clients.c.name)
        .join_from(clients, collaborators, clients.c.name == collaborators.c.client)
        .where(collaborators.c.access == "READ")
    )
    async with store.read(caller=ANN) as tx:
        assert [row.name for row in await tx.all(joined)] == ["bobs"]
    async with store.read(caller=EVE) as tx:
        assert not await tx.all(joined)


async def test_rows_copied_by_an_insert_are_those_that_are_seen(store: Store) -> None:
    async def copy(tx: WriteTransaction) -> int:
        source = select(calls.c.name + "/copy", calls.c.client, calls.c.text)
        return await tx.run(insert(calls).from_select(["name", "client", "text"], source))

    assert await store.write(copy, caller=ANN) == 3


async def test_a_row_of_a_composed_key_is_seen_as_its_parent_of_the_same_key(
    database_url: str,
) -> None:
    declared = new_metadata()
    people = Table(
        "people",
        declared,
        Column("generation", sa.Integer, primary_key=True, autoincrement=False),
        Column("person", sa.String(100), primary_key=True),
        Column("owner", sa.String(100), nullable=False),
        info={"sight": Owned("owner")},
    )
    deeds = Table(
        "deeds",
        declared,
        Column("name", sa.String(100), primary_key=True),
        Column("generation", sa.Integer, nullable=False),
        Column("person", sa.String(100), nullable=False),
        info={"sight": OfCustomer("person", "people", "person", same=("generation",))},
    )
    store = await Store.open(database_url, metadata=declared, clock=SystemClock(), ids=Uuid7Ids())

    async def fill(tx: WriteTransaction) -> None:
        for generation, owner in ((1, "users/ann"), (2, "users/bob")):
            row = {"generation": generation, "person": "p", "owner": owner}
            await tx.run(insert(people).values(row))
            deed = {"name": f"deed-{generation}", "generation": generation, "person": "p"}
            await tx.run(insert(deeds).values(deed))

    try:
        await store.create_tables()
        await store.write(fill, caller=SYSTEM)
        assert await names(store, deeds, ANN) == ["deed-1"]
        assert await names(store, deeds, BOB) == ["deed-2"]
    finally:
        await store.close()
