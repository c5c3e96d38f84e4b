"""Who sees a row that is in hand is who sees it once it is in its table: one definition, in SQL and
in Python, over every owner, team, assignee and caller of a small world."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from itertools import combinations, product
from typing import Final

import pytest
from sqlalchemy import Boolean, Column, Table, insert, select

from services.chassis.caller import Caller, Scope
from services.chassis.clock import SystemClock
from services.chassis.ids import Uuid7Ids
from services.chassis.store import Name, Owned, Shared, Store, chassis_tables, new_metadata
from services.chassis.store.sight import Asking, predicate, sees
from tests.support.notes import SYSTEM
from tests.support.sight import bills, calls

metadata = new_metadata()
chassis_tables(metadata)


def kept(name: str, sight: Owned | Shared) -> Table:
    return Table(
        name,
        metadata,
        Column("name", Name, primary_key=True),
        Column("owner", Name),
        Column("team", Name),
        Column("assignee", Name),
        Column("shared", Boolean),
        info={"sight": sight},
    )


TABLES: Final = (
    kept("of_owners", Owned("owner")),
    kept("of_teams", Owned("owner", "team")),
    kept("of_assignees", Owned("owner", assignee="assignee")),
    kept("of_all_three", Owned("owner", "team", "assignee")),
    kept("of_owners_who_share", Owned("owner", shared="shared")),
    kept("of_everybody", Shared()),
)


@dataclass(frozen=True, slots=True)
class Row:
    name: str
    owner: str | None
    team: str | None
    assignee: str | None
    shared: bool | None


# Another spelling is another person; a team may be called as a person is.
SUBJECTS: Final = ("users/ann", "users/Ann", "users/bob", "teams/north")
TEAMS: Final = ("teams/north", "teams/south", "")
ROWS: Final = [
    Row(f"rows/{number}", *of_whom)
    for number, of_whom in enumerate(
        product((*SUBJECTS, "", None), (*TEAMS, None), (*SUBJECTS, "", None), (True, False, None))
    )
]
CALLERS: Final = [
    Caller(subject, ("rep",), teams, scope)
    for subject in SUBJECTS
    for count in range(len(TEAMS) + 1)
    for teams in combinations(TEAMS, count)
    for scope in Scope
]


@pytest.mark.parametrize("table", TABLES, ids=lambda table: str(table.name))
async def test_the_table_and_the_hand_agree(database_url: str, table: Table) -> None:
    store = await Store.open(
        database_url, metadata=metadata, clock=SystemClock(), ids=Uuid7Ids(), pool_size=2
    )
    try:
        await store.create_tables()
        rows = [asdict(row) for row in ROWS]
        await store.write(lambda tx: tx.run_many(insert(table), rows), caller=SYSTEM)
        for caller in CALLERS:
            async with store.read(caller=caller) as tx:
                found = {row.name for row in await tx.all(select(table.c.name))}
            assert found == {row.name for row in ROWS if sees(caller, table, row)}, caller
            if caller.scope is Scope.ALL:
                continue
            # And so does whoever else runs a statement in that caller's sight, a rule's for one.
            asking = Asking.in_itself(caller.subject, caller.teams_seen)
            seen = predicate(table, asking, works=False)
            limited = select(table.c.name)
            async with store.read(caller=SYSTEM) as tx:
                told = await tx.all(limited if seen is None else limited.where(seen))
            assert {row.name for row in told} == found, caller
    finally:
        await store.close()


@pytest.mark.parametrize("table", [calls, bills], ids=lambda table: str(table.name))
def test_a_row_that_is_seen_as_another_is_cannot_be_judged_in_hand(table: Table) -> None:
    with pytest.raises(TypeError, match="seen as others are"):
        sees(CALLERS[0], table, ROWS[0])
