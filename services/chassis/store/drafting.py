"""Drafts a revision from what the declared tables and the migrations differ in:
`make migration SERVICE=sales SLICE=quotes`. A draft is to be read before it is kept."""

import asyncio
import re
import subprocess
import sys
import tempfile
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from importlib import import_module
from pathlib import Path
from typing import Any, Literal

from alembic.autogenerate import produce_migrations, render_python_code
from alembic.operations import ops
from sqlalchemy import Connection, MetaData
from sqlalchemy.engine import make_url
from sqlalchemy.types import TypeEngine

from services.chassis.errors import StartRefused
from services.chassis.store import columns
from services.chassis.store.migrate import migrate, on_database
from services.chassis.store.revisions import History
from services.chassis.store.schema import migration_context

__all__ = ["Draft", "draft"]

_LINE = 100
_SLICE = re.compile(r"[a-z][a-z0-9_]{0,26}")
# What the code reads as a member of an enum is a name to the database, or a number.
_AS = {"Choice": "Name", "Rank": "sa.SmallInteger", "Several": "Json"}
_PLAIN = frozenset(
    {"BigInteger", "Boolean", "Date", "Double", "Integer", "LargeBinary", "SmallInteger", "Text"}
)

_REVISION = """\
{docstring}

import sqlalchemy as sa
from alembic import op
{imports}
revision = "{revision}"
down_revision = "{down_revision}"
oldest_code = "{oldest_code}"


def upgrade() -> None:
{body}
"""


@dataclass(frozen=True, slots=True)
class Draft:
    """A revision that is not written yet, and where it belongs."""

    file: Path
    text: str


async def draft(package: str, slice_name: str, today: date) -> Draft | None:
    """The revision that brings the migrations of `package` to its tables; None where they say the
    same.

    Raises StartRefused where the slice or the history of the package is no good.
    """
    if not _SLICE.fullmatch(slice_name):
        raise StartRefused(f"a slice is named like its folder, quotes, not {slice_name!r}")
    import_module(f"{package}.main")  # and with it every table
    metadata: MetaData = import_module(f"{package}.metadata").metadata
    history = History.of(package)
    upgrade = await _operations(package, metadata)
    if upgrade.is_empty():
        return None
    own = [name for each in history.revisions if (name := each.revision)[:-5] == slice_name]
    revision = f"{slice_name}_{len(own) + 1:04}"
    file = Path(history.revisions[0].path).with_name(f"{today:%Y%m%d}_{revision}.py")
    return Draft(file, _text(upgrade, slice_name, revision, history))


async def _operations(package: str, metadata: MetaData) -> ops.UpgradeOps:
    def compare(connection: Connection) -> ops.UpgradeOps:
        upgrade = produce_migrations(migration_context(connection), metadata).upgrade_ops
        assert upgrade is not None  # noqa: S101 - Alembic's type allows for several databases
        return upgrade

    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/fresh.db"
        await migrate(url, package)
        return await on_database(make_url(url), compare)


def _text(upgrade: ops.UpgradeOps, slice_name: str, revision: str, history: History) -> str:
    flat = tuple(_flat(upgrade))
    made = [each.table_name for each in flat if isinstance(each, ops.CreateTableOp)]
    changed = sorted({_table(each) for each in flat} - set(made))
    what = (f"{verb} {', '.join(on)}" for verb, on in (("makes", made), ("changes", changed)) if on)
    expands = all(_table(each) in made or _works_with_older_code(each) for each in flat)
    body, types = _body(upgrade)
    title = slice_name.replace("_", " ").capitalize()
    return _REVISION.format(
        docstring=textwrap.fill(f'"""{title}: {"; ".join(what)}."""', _LINE),
        imports=f"\nfrom services.chassis.store import {', '.join(types)}\n" if types else "",
        revision=revision,
        down_revision=history.newest,
        oldest_code=history.allowed()[0] if expands else revision,
        body=textwrap.indent(body, "    "),
    )


def _body(upgrade: ops.UpgradeOps) -> tuple[str, Sequence[str]]:
    """The statements, and the column types of ours that they use."""
    types: set[str] = set()

    def render(kind: str, item: Any, _context: object) -> str | Literal[False]:
        if kind != "type" or not isinstance(item, TypeEngine):
            return False
        name = type(item).__name__
        if name in columns.__all__:
            stored = _AS.get(name, name)
            if stored in columns.__all__:
                types.add(stored)
            return stored
        return f"sa.{name}" if name in _PLAIN and not item._variant_mapping else False

    for each in _flat(upgrade):
        if isinstance(each, ops.CreateTableOp):
            each.info = {}  # who sees its rows is said by the declared table alone
    # SQLite changes a column by making the table anew, which Alembic does in a batch.
    batch = any(isinstance(each, ops.AlterColumnOp) for each in _flat(upgrade))
    code = render_python_code(upgrade, render_as_batch=batch, render_item=render)
    code = re.sub(r"op\.f\(('[^']*')\)", r"\1", code).replace(", unique=False", "")
    lines = (line for line in code.splitlines() if not line.strip().startswith("# ###"))
    return textwrap.dedent("\n".join(lines)).strip("\n"), sorted(types)


def _flat(operation: ops.MigrateOperation) -> Iterator[ops.MigrateOperation]:
    if not isinstance(operation, ops.OpContainer):
        yield operation
        return
    for each in operation.ops:
        yield from _flat(each)


def _works_with_older_code(operation: ops.MigrateOperation) -> bool:
    """Code that knows nothing of it goes on: it reads no new column and need not fill it."""
    if isinstance(operation, ops.AddColumnOp):
        return operation.column.nullable is True or operation.column.server_default is not None
    return isinstance(operation, ops.CreateIndexOp) and not operation.unique


def _table(operation: ops.MigrateOperation) -> str:
    return str(getattr(operation, "table_name", ""))


def _ruff(file: Path, *command: str) -> bool:
    """Whether ruff has nothing to say; what it says is printed."""
    arguments = [sys.executable, "-m", "ruff", *command, "--quiet", str(file)]
    return subprocess.run(arguments, check=False).returncode == 0  # noqa: S603 - our own linter


def main(arguments: list[str]) -> int:
    """Drafts; returns the exit code."""
    if len(arguments) != 2 or not all(arguments):
        sys.stderr.write("usage: make migration SERVICE=sales SLICE=quotes\n")
        return 2
    service, slice_name = arguments
    today = datetime.now(UTC).date()
    try:
        drafted = asyncio.run(draft(f"services.{service}", slice_name, today))
    except (StartRefused, ModuleNotFoundError) as problem:
        sys.stderr.write(f"make migration: {problem}\n")
        return 1
    if drafted is None:
        sys.stdout.write("Tables and migrations say the same: nothing to draft.\n")
        return 0
    drafted.file.write_text(drafted.text, "utf-8")
    sys.stdout.write(f"{drafted.file}\n")
    if not all([_ruff(drafted.file, "check", "--fix"), _ruff(drafted.file, "format")]):
        sys.stderr.write("make migration: the draft needs mending before it can run\n")
        return 1
    sys.stdout.write(
        "Read it: what it can't know is what becomes of the rows that are there already.\n"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
