"""How SQLite finds the customers whom somebody sees: by what is theirs, not among everybody."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import create_engine
from sqlalchemy.dialects import sqlite

from services.chassis.caller import Caller, Scope
from services.chassis.store.scope import scoped
from services.customer.customers.store import customers
from services.customer.metadata import metadata

REP = Caller("users/dan", ("rep",), ("teams/south",), Scope.OWN)
MANAGER = Caller("users/mia", ("manager",), ("teams/south",), Scope.TEAM)


@pytest.mark.parametrize("caller", [REP, MANAGER])
def test_each_way_into_sight_is_looked_up_by_its_index(caller: Caller) -> None:
    engine = create_engine("sqlite://")
    metadata.create_all(engine)
    seen: Any = scoped(customers.all, caller)[0]
    dialect: Any = sqlite.dialect
    text = seen.compile(dialect=dialect(), compile_kwargs={"literal_binds": True})
    with engine.connect() as connection:
        steps = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}").all()
    plan = "\n".join(step.detail for step in steps)
    assert "MULTI-INDEX OR" in plan
    assert "SCAN customers" not in plan
