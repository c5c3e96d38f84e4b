"""A statement that differs in values only is compiled once, whatever the types of its columns: a
page would take several times as long."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from enum import IntEnum, StrEnum
from typing import Any, NamedTuple

import pytest
import sqlalchemy as sa
from sqlalchemy import Column, ColumnElement, MetaData, Table, create_engine, literal, select

from services.chassis.lists.filters import sql
from services.chassis.store import Choice, Json, Name, Names, Rank, Several, UtcTime
from services.chassis.store.by_engine import by_engine
from services.chassis.store.mentions import mentions


class Shade(StrEnum):
    LIGHT = "LIGHT"
    DARK = "DARK"


class Depth(IntEnum):
    SHALLOW = 1
    DEEP = 9


class Mark(NamedTuple):
    text: str


things = Table(
    "things",
    MetaData(),
    Column("name", Name, primary_key=True),
    Column("shade", Choice(Shade)),
    Column("shades", Names(Shade)),
    Column("depth", Rank(Depth)),
    Column("marks", Several(Mark)),
    Column("labels", Names),
    Column("extra", Json),
    Column("moment", UtcTime),
    Column("day", sa.Date),
    Column("message", sa.LargeBinary),
)
VALUES: dict[str, tuple[Any, Any]] = {
    "name": ("a", "b"),
    "shade": (Shade.LIGHT, Shade.DARK),
    "shades": ((Shade.LIGHT,), (Shade.DARK,)),
    "depth": (Depth.SHALLOW, Depth.DEEP),
    "marks": ((Mark("a"),), (Mark("b"),)),
    "labels": (("a",), ("b", "c")),
    "extra": ({"a": 1}, {"b": 2}),
    "moment": (datetime(2024, 1, 1, tzinfo=UTC), datetime(2025, 1, 1, tzinfo=UTC)),
    "day": (date(2024, 1, 1), date(2025, 1, 1)),
}
CONDITIONS: dict[str, Callable[[str], ColumnElement[bool]]] = {
    "starts with": lambda text: sql.StartsWith(things.c.name, text),
    "has element": lambda text: sql.HasElement(things.c.labels, text),
    "has element that begins": lambda text: sql.HasElementPrefix(things.c.labels, text),
    "is not empty": lambda text: sql.IsNotEmpty(things.c.labels) & (things.c.name == text),
    "value of a map": lambda text: sql.MapValue(things.c.extra, text) == text,
    "one of two forms": lambda text: by_engine(
        things.c.name == text, postgresql=things.c.name == literal(text)
    ),
    "mentions": lambda text: mentions(things.c.message, [text]),
}


def compiled(*conditions: ColumnElement[bool]) -> int:
    """How many statements are compiled for these."""
    engine, kept = create_engine("sqlite://"), dict[Any, Any]()
    things.metadata.create_all(engine)
    with engine.connect().execution_options(compiled_cache=kept) as connection:
        for condition in conditions:
            connection.execute(select(things).where(condition))
    engine.dispose()
    return len(kept)


@pytest.mark.parametrize("column", VALUES)
def test_columns_of_each_type_are(column: str) -> None:
    one, other = VALUES[column]
    assert compiled(things.c[column] == one, things.c[column] == other) == 1


@pytest.mark.parametrize("name", CONDITIONS)
def test_conditions_of_our_own_are(name: str) -> None:
    made = CONDITIONS[name]
    assert compiled(made("a"), made("b")) == 1


def test_conditions_that_differ_in_more_are_not() -> None:
    assert compiled(things.c.name == "a", things.c.name != "a") == 2
