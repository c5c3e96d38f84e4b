"""Drafts of migrations: what they make is what the tables declare, on both engines."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from datetime import date
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol
from unittest.mock import AsyncMock

import pytest

from services.chassis.errors import StartRefused
from services.chassis.store import drafting
from services.chassis.store.drafting import Draft, draft
from services.chassis.store.migrate import migrate
from services.chassis.store.schema import differences
from tests.support.databases import Databases
from tests.support.revisions import FIRST, revision, written_package

TODAY = date(2026, 3, 2)

CHASSIS = """
import sqlalchemy as sa
from enum import IntEnum, StrEnum
from typing import NamedTuple
from services.chassis.store import *

class State(StrEnum):
    OPEN = "OPEN"

class Level(IntEnum):
    LOW = 1

class Step(NamedTuple):
    note: str

metadata = new_metadata()
chassis_tables(metadata)
"""
QUOTES = """
quotes = sa.Table(
    "quotes",
    metadata,
    sa.Column("name", Name, primary_key=True),
    sa.Column("state", Choice(State), nullable=False),
    sa.Column("before", Names(State), nullable=False),
    sa.Column("labels", Json),
    sa.Column("level", Rank(Level)),
    sa.Column("steps", Several(Step)),
    sa.Column("note", sa.Text, nullable=False),
    sa.Column("amount", sa.BigInteger, nullable=False),
    sa.Column("share", sa.Double),
    sa.Column("create_time", UtcTime, nullable=False),
    info={"sight": Owned("name")},
)
sa.Index("uq_quotes_amount", quotes.c.amount, unique=True)
open_ones = quotes.c.state == sa.text("'OPEN'")
sa.Index("ix_quotes_open", quotes.c.state, sqlite_where=open_ones, postgresql_where=open_ones)
sa.Table(
    "quote_lines",
    metadata,
    sa.Column("quote", Name, sa.ForeignKey("quotes.name"), nullable=False),
    sa.Column("position", sa.Integer, nullable=False),
    sa.PrimaryKeyConstraint("quote", "position"),
    sqlite_with_rowid=False,
    info={"sight": Through("quote", "quotes")},
)
"""

READS = '''\
"""Quotes: makes quotes, quote_lines."""

import sqlalchemy as sa
from alembic import op

from services.chassis.store import Json, Name, Names, UtcTime

revision = "quotes_0001"
down_revision = "0001"
oldest_code = "0001"


def upgrade() -> None:
    op.create_table(
        "quotes",
        sa.Column("name", Name, nullable=False),
        sa.Column("state", Name, nullable=False),
        sa.Column("before", Names, nullable=False),
        sa.Column("labels", Json, nullable=True),
        sa.Column("level", sa.SmallInteger, nullable=True),
        sa.Column("steps", Json, nullable=True),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("amount", sa.BigInteger, nullable=False),
        sa.Column("share", sa.Double, nullable=True),
        sa.Column("create_time", UtcTime, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_quotes"),
    )
    op.create_index(
        "ix_quotes_open",
        "quotes",
        ["state"],
        sqlite_where=sa.text("state = 'OPEN'"),
        postgresql_where=sa.text("state = 'OPEN'"),
    )
    op.create_index("uq_quotes_amount", "quotes", ["amount"], unique=True)
    op.create_table(
        "quote_lines",
        sa.Column("quote", Name, nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        sa.ForeignKeyConstraint(["quote"], ["quotes.name"], name="fk_quote_lines_quote"),
        sa.PrimaryKeyConstraint("quote", "position", name="pk_quote_lines"),
        sqlite_with_rowid=False,
    )
'''


class Written(Protocol):
    def __call__(self, revisions: Mapping[str, str], metadata: str) -> str: ...


@pytest.fixture
def written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Written:
    return partial(written_package, tmp_path, monkeypatch)


async def drafted(package: str, slice_name: str = "quotes") -> Draft:
    made = await draft(package, slice_name, TODAY)
    assert made is not None
    return made


async def differences_of(package: str, url: str) -> list[Any]:
    await migrate(url, package)
    return list(await differences(url, import_module(f"{package}.metadata").metadata))


def formatted(text: str) -> str:
    """The text as `make format` leaves it."""
    ruff = [sys.executable, "-m", "ruff", "format", "-"]
    return subprocess.run(ruff, input=text, capture_output=True, text=True, check=True).stdout


async def test_a_draft_makes_what_the_tables_declare(written: Written, database_url: str) -> None:
    package = written(FIRST, CHASSIS + QUOTES)
    made = await drafted(package)
    made.file.write_text(made.text)
    assert await differences_of(package, database_url) == []
    assert await draft(package, "quotes", TODAY) is None


async def test_a_draft_reads_as_if_it_were_written_by_hand(written: Written) -> None:
    made = await drafted(written(FIRST, CHASSIS + QUOTES))
    assert made.file.name == "20260302_quotes_0001.py"
    assert formatted(made.text) == READS


def test_a_draft_that_names_what_it_does_not_import_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    made = Draft(tmp_path / "quotes_0001.py", READS.replace('"note", sa.Text', '"note", Unknown'))
    monkeypatch.setattr(drafting, "draft", AsyncMock(return_value=made))
    assert drafting.main(["sales", "quotes"]) == 1
    assert "Undefined name `Unknown`" in capfd.readouterr().out
    assert made.file.read_text() == made.text  # there to be mended


async def test_a_second_draft_has_the_next_number_and_says_whose_code_it_allows(
    written: Written, database_url: str
) -> None:
    first = await drafted(written(FIRST, CHASSIS + QUOTES))
    so_far = FIRST | {first.file.name: first.text}

    expands = CHASSIS + QUOTES + "quotes.append_column(sa.Column('region', sa.Text))"
    package = written(so_far, expands)
    second = await drafted(package)
    assert second.file.name == "20260302_quotes_0002.py"
    assert 'oldest_code = "0001"' in second.text
    second.file.write_text(second.text)
    assert await differences_of(package, database_url) == []


@pytest.mark.parametrize(
    "change",
    [
        "quotes.c.labels.nullable = False",
        "quotes.append_column(sa.Column('region', sa.Text, server_default='', nullable=False));"
        "metadata.remove(metadata.tables['quote_lines'])",
    ],
)
async def test_a_draft_that_older_code_could_not_run_on_allows_its_own_only(
    written: Written, database_url: str, change: str
) -> None:
    first = await drafted(written(FIRST, CHASSIS + QUOTES))
    package = written(FIRST | {first.file.name: first.text}, CHASSIS + QUOTES + change)
    second = await drafted(package)
    assert 'oldest_code = "quotes_0002"' in second.text
    second.file.write_text(second.text)
    assert await differences_of(package, database_url) == []


async def test_a_chassis_table_that_grows_is_a_revision_of_its_own(
    written: Written, database_url: str
) -> None:
    grown = CHASSIS + "metadata.tables['event_log'].append_column(sa.Column('mood', sa.Text))"
    package = written(FIRST, grown)
    assert len(await differences_of(package, database_url)) == 1
    made = await drafted(package, "chassis")
    made.file.write_text(made.text)
    assert await differences_of(package, database_url) == []


@pytest.mark.parametrize("name", ["", "Quotes", "0001", "q" * 28])
async def test_a_slice_that_is_none_is_refused(written: Written, name: str) -> None:
    with pytest.raises(StartRefused, match="a slice is named like its folder"):
        await draft(written(FIRST, CHASSIS), name, TODAY)


def made(does: str) -> dict[str, str]:
    """The first revision, and one that does this."""
    text = revision("t_0001", after="0001", oldest="0001", does=does)
    return FIRST | {"20260301_t_0001.py": text}


def kind_of(difference: Any) -> str:
    """Alembic lists the changes of one column together."""
    return str(kind_of(difference[0]) if isinstance(difference, list) else difference[0])


TABLE = "op.create_table('t', sa.Column('a', Name, nullable=False){})"
KEY = ", sa.PrimaryKeyConstraint('a', name='pk_t')"


@pytest.mark.parametrize(
    ("does", "kinds"),
    [
        (TABLE.format(KEY), {"sqlite": [], "postgresql": []}),
        (TABLE.format(""), {"sqlite": ["primary_key"], "postgresql": ["primary_key"]}),
        (
            TABLE.format(", sa.PrimaryKeyConstraint('a')"),
            {"sqlite": ["primary_key"], "postgresql": ["primary_key"]},
        ),
        (
            TABLE.format(KEY).replace("Name", "sa.Text"),  # compared by the locale
            {"sqlite": [], "postgresql": ["modify_type"]},
        ),
    ],
    ids=["as declared", "no primary key", "no name of the primary key", "text for a name"],
)
async def test_a_table_that_is_made_otherwise_than_it_is_declared_is_a_difference(
    written: Written, databases: Databases, does: str, kinds: dict[str, list[str]]
) -> None:
    declared = CHASSIS + "sa.Table('t', metadata, sa.Column('a', Name, primary_key=True))"
    found = await differences_of(written(made(does), declared), databases.new())
    assert [kind_of(each) for each in found] == kinds[databases.engine]


async def test_an_index_over_other_rows_is_a_difference(written: Written, sqlite_url: str) -> None:
    declared = CHASSIS + (
        "t = sa.Table('t', metadata, sa.Column('a', Name, primary_key=True))\n"
        "sa.Index('ix_t', t.c.a, sqlite_where=t.c.a > sa.text('2'))"
    )
    index = "op.create_index('ix_t', 't', ['a'], sqlite_where=sa.text('a > {}'))"
    for bound, kinds in ((2, []), (1, ["index"])):
        package = written(made(f"{TABLE.format(KEY)}; {index.format(bound)}"), declared)
        found = await differences_of(package, f"{sqlite_url}{bound}")
        assert [kind_of(each) for each in found] == kinds
