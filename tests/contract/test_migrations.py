"""The migrations of every service: one line of revisions that don't change with the code."""

from __future__ import annotations

import ast
import asyncio
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from services.chassis.store import columns, drafting
from services.chassis.store.revisions import History

ROOT = Path(__file__).parents[2]
SERVICES = ("customer", "sales", "insight")
# What a revision is made of has to stay as it is for as long as there is a database to migrate.
FROZEN = {
    "services.chassis.store": frozenset(columns.__all__),
    "services.chassis.store.tables_v1": frozenset({"create_chassis_tables_v1"}),
}
FROZEN_MODULES = sorted(
    [
        ROOT / "services/chassis/store/tables_v1.py",
        *ROOT.glob("services/*/migrations/versions/*.py"),
    ]
)


@pytest.mark.parametrize("service", SERVICES)
def test_the_migrations_of_a_service_are_one_history(service: str) -> None:
    assert History.of(f"services.{service}").revisions


def test_every_service_has_its_own() -> None:
    assert {path.parts[-4] for path in FROZEN_MODULES} >= set(SERVICES)


@pytest.mark.parametrize("path", FROZEN_MODULES, ids=lambda path: path.name)
def test_a_revision_knows_nothing_that_changes_with_the_code(path: Path) -> None:
    living = [
        f"{module}.{name}"
        for module, name in _imported(ast.parse(path.read_text("utf-8")))
        if module.startswith("services") and name not in FROZEN.get(module, columns.__all__)
    ]
    assert living == [], "write out what the revision needs: live tables change after it"


def _imported(tree: ast.Module) -> Iterator[tuple[str, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            yield from ((node.module or "", each.name) for each in node.names)
        elif isinstance(node, ast.Import):
            yield from ((each.name, "") for each in node.names)


@pytest.mark.parametrize("service", SERVICES)
def test_there_is_nothing_to_draft(service: str) -> None:
    drafted = asyncio.run(drafting.draft(f"services.{service}", "nothing", date(2026, 3, 2)))
    assert drafted is None, drafted.text


@pytest.mark.parametrize("arguments", [[], ["sales"], ["sales", ""], ["", "quotes"]])
def test_a_draft_needs_a_service_and_a_slice(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert drafting.main(arguments) == 2
    assert "make migration SERVICE=sales SLICE=quotes" in capsys.readouterr().err


def test_a_service_that_is_none_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert drafting.main(["nobody", "quotes"]) == 1
    assert "services.nobody" in capsys.readouterr().err
