"""The data scope on both engines: whatever the statement, a caller meets their own rows only."""

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import (
    bindparam,
    delete,
    exists,
    func,
    insert,
    literal_column,
    select,
    text,
    union_all,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite

from services.chassis.caller import Caller, Scope
from services.chassis.store import ReadTransaction, Store, Taken, WriteTransaction, upsert
from services.chassis.store.connections import Parameters
from services.chassis.store.scope import scoped
from tests.support.notes import ANN, SYSTEM, add_note, lines, note_names, notes, opened

OWN, TEAM, ALL = (replace(ANN, scope=scope) for scope in Scope)
SEEN = {
    OWN: ["notes/ann", "notes/ann-south"],
    TEAM: ["notes/ann", "notes/ann-south", "notes/bob"],
    ALL: ["notes/ann", "notes/ann-south", "notes/bob", "notes/carl", "notes/pool"],
}
EVERYONE = [pytest.param(caller, id=caller.scope.name) for caller in SEEN]


@pytest.fixture
async def store(database_url: str) -> AsyncIterator[Store]:
    async with opened(database_url) as store:
        await add_note(store, "notes/ann", owner="users/ann", team="teams/north", number=1)
        await add_note(store, "notes/ann-south", owner="users/ann", team="teams/south", number=2)
        await add_note(store, "notes/bob", owner="users/bob", team="teams/north", number=4)
        await add_note(store, "notes/carl", owner="users/carl", team="teams/south", number=8)
        await add_note(store, "notes/pool", owner="", team=None, number=16)

        async def add_lines(tx: WriteTransaction) -> None:
            names = SEEN[ALL]
            await tx.run_many(insert(lines), [{"name": f"{n}/1", "note": n} for n in names])

        await store.write(add_lines, caller=SYSTEM)
        yield store


@pytest.fixture(params=EVERYONE)
def caller(request: pytest.FixtureRequest) -> Caller:
    found: Caller = request.param
    return found


@pytest.fixture
async def tx(store: Store, caller: Caller) -> AsyncIterator[ReadTransaction]:
    async with store.read(caller=caller) as tx:
        yield tx


async def test_a_list_shows_the_callers_rows(store: Store, caller: Caller) -> None:
    assert await note_names(store, caller) == SEEN[caller]


async def test_a_read_by_key_finds_the_callers_rows_only(
    tx: ReadTransaction, caller: Caller
) -> None:
    prepared = select(notes.c.name).where(notes.c.name == bindparam("name"))
    for name in SEEN[ALL]:
        built = select(notes.c.name).where(notes.c.name == name)
        expected = name if name in SEEN[caller] else None
        assert await tx.scalar(built) == expected
        assert await tx.scalar(prepared, {"name": name}) == expected


async def test_one_prepared_statement_serves_callers_of_every_scope(store: Store) -> None:
    prepared = select(notes.c.name).where(notes.c.number >= bindparam("least")).order_by("name")
    bob = replace(OWN, subject="users/bob")
    for caller, expected in ((OWN, SEEN[OWN]), (bob, ["notes/bob"]), (ALL, SEEN[ALL])):
        async with store.read(caller=caller) as tx:
            assert [row.name for row in await tx.all(prepared, {"least": 0})] == expected


async def test_sums_count_the_callers_rows(tx: ReadTransaction, caller: Caller) -> None:
    total = await tx.scalar(select(func.sum(notes.c.number)))
    assert int(total) == {OWN: 3, TEAM: 7, ALL: 31}[caller]


async def test_joins_are_limited(tx: ReadTransaction, caller: Caller) -> None:
    joined = select(lines.c.note).join_from(lines, notes, lines.c.note == notes.c.name)
    assert sorted(row.note for row in await tx.all(joined)) == SEEN[caller]
    crossed = select(lines.c.note).where(lines.c.note == notes.c.name)
    assert sorted(row.note for row in await tx.all(crossed)) == SEEN[caller]


async def test_an_outer_join_keeps_its_left_side_and_hides_the_right(
    tx: ReadTransaction, caller: Caller
) -> None:
    outer = select(lines.c.note, notes.c.text).join_from(
        lines, notes, lines.c.note == notes.c.name, isouter=True
    )
    rows = await tx.all(outer.order_by(lines.c.note))
    assert [row.note for row in rows] == SEEN[ALL]
    assert [row.note for row in rows if row.text is not None] == SEEN[caller]


async def test_aliases_subqueries_and_unions_are_limited(
    tx: ReadTransaction, caller: Caller
) -> None:
    one, two = notes.alias("one"), notes.alias("two")
    pairs = select(one.c.name).join_from(one, two, one.c.name == two.c.name)
    assert sorted(row.name for row in await tx.all(pairs)) == SEEN[caller]
    inner = select(notes.c.name).subquery()
    assert sorted(row.name for row in await tx.all(select(inner.c.name))) == SEEN[caller]
    with_cte = select(notes.c.name).cte("mine")
    assert sorted(row.name for row in await tx.all(select(with_cte.c.name))) == SEEN[caller]
    both = union_all(select(notes.c.name), select(notes.c.name))
    assert len(await tx.all(both)) == 2 * len(SEEN[caller])
    within = select(lines.c.note).where(lines.c.note.in_(select(notes.c.name)))
    assert sorted(row.note for row in await tx.all(within)) == SEEN[caller]
    there = select(lines.c.note).where(exists().where(notes.c.name == lines.c.note))
    assert sorted(row.note for row in await tx.all(there)) == SEEN[caller]
    counted = select(select(func.count()).select_from(notes).scalar_subquery())
    assert await tx.scalar(counted) == len(SEEN[caller])


async def test_changes_meet_the_callers_rows_only(store: Store, caller: Caller) -> None:
    async def change(tx: WriteTransaction) -> int:
        return await tx.run(update(notes).values(text="changed"))

    async def change_many(tx: WriteTransaction) -> None:
        statement = update(notes).where(notes.c.name == bindparam("which")).values(number=0)
        await tx.run_many(statement, [{"which": name} for name in SEEN[ALL]])

    assert await store.write(change, caller=caller) == len(SEEN[caller])
    await store.write(change_many, caller=caller)
    async with store.read(caller=SYSTEM) as tx:
        changed = await tx.all(select(notes.c.name).where(notes.c.number == 0).order_by("name"))
        assert [row.name for row in changed] == SEEN[caller]


async def test_deletes_meet_the_callers_rows_only(store: Store, caller: Caller) -> None:
    async def remove(tx: WriteTransaction) -> int:
        await tx.run(delete(lines))
        return await tx.run(delete(notes))

    assert await store.write(remove, caller=caller) == len(SEEN[caller])
    assert await note_names(store) == sorted(set(SEEN[ALL]) - set(SEEN[caller]))


async def test_a_caller_without_teams_sees_their_own_rows(store: Store) -> None:
    loner = replace(TEAM, teams=())
    assert await note_names(store, loner) == SEEN[OWN]


async def test_unscoped_sees_every_row_and_the_transaction_itself_stays_limited(
    store: Store,
) -> None:
    async with store.read(caller=OWN) as tx:
        assert len(await tx.unscoped().all(select(notes))) == 5
        assert len(await tx.all(select(notes))) == 2


async def test_what_could_pass_by_the_scope_is_refused(store: Store) -> None:
    fragment = select(notes.c.name).where(text("1 = 1 OR owner = 'users/bob'"))
    full = select(lines.c.note).join_from(lines, notes, lines.c.note == notes.c.name, full=True)
    async with store.read(caller=OWN) as tx:
        for statement in (fragment, full):
            with pytest.raises(TypeError, match="unscoped"):
                await tx.all(statement)

    async def steal(tx: WriteTransaction) -> None:
        row = {"name": "notes/bob", "owner": "users/ann"}
        await tx.run(upsert(tx.dialect, notes, key=("name",), update=("owner",)).values(row))

    async def steal_in_bulk(tx: WriteTransaction) -> None:
        row = ("notes/bob", "users/ann", None, "", 0, None, None, None)
        await tx.insert_rows(notes, [row], Taken(key=("name",), update=("owner",)))

    for theft in (steal, steal_in_bulk):
        with pytest.raises(TypeError, match="another owner's row"):
            await store.write(theft, caller=OWN)


async def test_new_rows_may_be_anybodys_and_an_unscoped_transaction_may_overwrite(
    store: Store,
) -> None:
    def row(name: str) -> tuple[object, ...]:
        return (name, "users/zoe", None, "", 0, None, None, None)

    async def work(tx: WriteTransaction) -> None:
        await tx.insert_rows(notes, [row("notes/new")])
        taken = Taken(key=("name",), update=("owner",))
        await tx.unscoped().insert_rows(notes, [row("notes/bob")], taken)

    await store.write(work, caller=OWN)
    async with store.read(caller=SYSTEM) as tx:
        zoes = await tx.all(select(notes.c.name).where(notes.c.owner == "users/zoe"))
    assert sorted(each.name for each in zoes) == ["notes/bob", "notes/new"]


async def test_rows_copied_by_an_insert_are_the_callers(store: Store) -> None:
    async def copy(tx: WriteTransaction) -> int:
        source = select(notes.c.name + "/copy", notes.c.owner, literal_column("0"))
        return await tx.run(insert(notes).from_select(["name", "owner", "number"], source))

    assert await store.write(copy, caller=OWN) == 2


@pytest.mark.parametrize("engine", [sqlite, postgresql], ids=["sqlite", "postgresql"])
@pytest.mark.parametrize("parameters", [None, {}], ids=["once", "often"])
def test_a_statement_is_the_same_for_whoever_has_one_team_and_two_hundred(
    engine: Any, parameters: Parameters | None
) -> None:
    texts = set()
    for count in (1, 200):
        teams = tuple(f"teams/{number}" for number in range(count))
        limited: Any = scoped(select(notes.c.name), replace(TEAM, teams=teams), parameters)[0]
        texts.add(str(limited.compile(dialect=engine.dialect())))
    assert len(texts) == 1


async def test_whoever_has_hundreds_of_teams_sees_them_all_and_no_others(store: Store) -> None:
    many = (*(f'teams/"{number}' for number in range(500)), "teams/south")
    manager = replace(TEAM, subject="users/max", teams=many)
    async with store.read(caller=manager) as tx:
        expected = ["notes/ann-south", "notes/carl"]
        once_and_often: tuple[Parameters | None, ...] = (None, {})
        for parameters in once_and_often:
            rows = await tx.all(select(notes.c.name).order_by(notes.c.name), parameters)
            assert [row.name for row in rows] == expected
