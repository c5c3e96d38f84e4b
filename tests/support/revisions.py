"""Packages with migrations, written for one test: a service as several versions of it have it."""

from __future__ import annotations

import itertools
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from services.chassis.store.revisions import History

_NUMBERS = itertools.count(1)

REVISION = '''\
"""Written by a test."""

import sqlalchemy as sa
from alembic import op

from services.chassis.store import Name
from services.chassis.store.tables_v1 import create_chassis_tables_v1

revision = {revision!r}
down_revision = {after!r}
oldest_code = {oldest!r}


def upgrade() -> None:
    {does}
'''


def revision(name: str, *, after: str | None, oldest: str | None, does: str = "pass") -> str:
    """The text of a revision."""
    return REVISION.format(revision=name, after=after, oldest=oldest, does=does)


FIRST = {
    "0001_first.py": revision("0001", after=None, oldest="0001", does="create_chassis_tables_v1()")
}


def written_package(
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    revisions: Mapping[str, str],
    metadata: str = "",
) -> str:
    """The name of an importable package with these files as its migrations, and with a module
    `metadata` of this text."""
    name = f"written_{next(_NUMBERS)}"
    versions = folder / name / "migrations" / "versions"
    versions.mkdir(parents=True)
    for file in ("__init__.py", "main.py"):
        (folder / name / file).touch()
    (folder / name / "metadata.py").write_text(metadata, "utf-8")
    for file, text in revisions.items():
        (versions / file).write_text(text, "utf-8")
    monkeypatch.syspath_prepend(str(folder))
    monkeypatch.delitem(sys.modules, name, raising=False)
    return name


def as_of(folder: Path, monkeypatch: pytest.MonkeyPatch, service: str, newest: str) -> str:
    """The name of an importable package with a service's migrations up to one of them."""
    files: dict[str, str] = {}
    for each in History.of(f"services.{service}").revisions:
        files[Path(each.path).name] = Path(each.path).read_text("utf-8")
        if each.revision == newest:
            break
    return written_package(folder, monkeypatch, files)
