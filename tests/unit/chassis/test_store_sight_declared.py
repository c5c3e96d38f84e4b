"""A table says who sees its rows, in words that mean something, or the store doesn't open."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from sqlalchemy import Column, Table

from services.chassis.clock import SystemClock
from services.chassis.ids import Uuid7Ids
from services.chassis.store import Named, OfCustomer, Owned, Shared, Store, Through, new_metadata


@pytest.mark.parametrize(
    ("info", "what"),
    [
        ({}, "says nothing of who sees its rows"),
        ({"sight": Through("name", "gone")}, "gone"),
        ({"sight": Owned("boss")}, "boss"),
        ({"sight": Owned("owner", shared="open")}, "open"),
        ({"sight": Owned("owner", named=(Named("gone", "row"),))}, "gone"),
        ({"sight": OfCustomer("owner", "shared")}, "shared"),
        ({"sight": Through("owner", "shared")}, "shared"),
    ],
)
async def test_a_table_that_does_not_say_who_sees_it_stops_the_start(
    sqlite_url: str, info: dict[str, object], what: str
) -> None:
    declared = new_metadata()
    shared = {"sight": Shared()}
    Table("shared", declared, Column("name", sa.Text, primary_key=True), info=shared)
    Table(
        "odd",
        declared,
        Column("name", sa.Text, primary_key=True),
        Column("owner", sa.Text, nullable=False),
        info=info,
    )
    with pytest.raises(TypeError, match=what) as refused:
        await Store.open(sqlite_url, metadata=declared, clock=SystemClock(), ids=Uuid7Ids())
    assert "odd" in str(refused.value)
