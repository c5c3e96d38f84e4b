"""The few customers whom somebody sees are found by what is theirs, not among everybody."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import create_engine
from sqlalchemy.dialects import sqlite

from services.chassis.caller import Caller, Scope
from services.chassis.store.work import rows_seen
from services.customer.customers.store import collaborators, customers
from services.customer.metadata import metadata
from tests.support.in_turn import in_turn
from tests.support.office import Desk, Office
from tests.support.worlds.collaborating import let_in


def named(*ids: str) -> set[str]:
    return {f"customers/{id}" for id in ids}


@pytest.fixture
async def three(office: Office, desk: Desk) -> Office:
    """One of dan's and one of kim's, both of the team south, and nobody's, which rita reads."""
    await desk.create("dans", owner="users/dan", team="teams/south")
    await desk.create("kims", owner="users/kim", team="teams/south")
    await desk.create("nobodys")
    await let_in(office.service, collaborators, ["nobodys"])
    return office


@in_turn(
    ("caller", "most", "seen"),
    [
        (Caller("users/dan", teams=("teams/south",), scope=Scope.OWN), 5, named("dans")),
        (Caller("users/dan", teams=("teams/x",), scope=Scope.TEAM), 5, named("dans")),
        (Caller("users/mia", teams=("teams/south",), scope=Scope.TEAM), 2, named("dans", "kims")),
        (Caller("users/mia", teams=("teams/south",), scope=Scope.TEAM), 1, None),
        (Caller("users/rita", scope=Scope.OWN), 5, named("nobodys")),
        (Caller("users/sam", scope=Scope.OWN), 0, set()),
        (Caller("users/ada", scope=Scope.ALL), 5, None),
    ],
)
async def test_who_sees_few_customers_is_told_which(
    three: Office, caller: Caller, most: int, seen: set[str] | None
) -> None:
    async with three.service.store.read(caller=caller) as tx:
        assert await tx.few_in_sight(customers.table, most) == seen


def test_each_way_into_sight_is_looked_up_by_its_index() -> None:
    engine = create_engine("sqlite://")
    metadata.create_all(engine)
    dialect: Any = sqlite.dialect
    with engine.connect() as connection:
        for statement in rows_seen(customers.table, teams=True):
            text = str(statement.compile(dialect=dialect()))
            values = (1,) * text.count("?")
            steps = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}", values).all()
            looked_at = [step.detail for step in steps if "VIRTUAL TABLE" not in step.detail]
            assert not [each for each in looked_at if each.startswith("SCAN")]
