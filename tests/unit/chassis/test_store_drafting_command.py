"""`make migration` as it is typed: what it writes and says; revisions at their bounds."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from unittest.mock import AsyncMock

import pytest

from services.chassis.errors import StartRefused
from services.chassis.store import chassis_tables, drafting, new_metadata
from services.chassis.store.drafting import Draft
from services.chassis.store.idempotency import KEPT
from services.chassis.store.migrate import migrate
from services.chassis.store.revisions import History
from tests.support.revisions import FIRST, revision, written_package

GOOD = '"""Quotes: makes quotes."""\n\nrevision = "quotes_0001"\n'


def drafting_gives(monkeypatch: pytest.MonkeyPatch, made: Draft | Exception | None) -> AsyncMock:
    draft = AsyncMock(return_value=made)
    if isinstance(made, Exception):
        draft.side_effect = made
    monkeypatch.setattr(drafting, "draft", draft)
    return draft


def test_a_draft_is_written_and_told_of(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    made = Draft(tmp_path / "20260302_quotes_0001.py", GOOD)
    draft = drafting_gives(monkeypatch, made)
    assert drafting.main(["sales", "quotes"]) == 0
    draft.assert_awaited_once_with("services.sales", "quotes", datetime.now(UTC).date())
    assert made.file.read_text("utf-8") == GOOD
    told = capsys.readouterr()
    assert told.out.startswith(f"{made.file}\nRead it: what it can't know is what becomes of")
    assert told.err == ""


def test_a_draft_is_formatted_and_what_it_does_not_need_taken_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = Draft(
        tmp_path / "20260302_quotes_0001.py", GOOD.replace("\n\n", "\nimport os\nx =  1\n")
    )
    drafting_gives(monkeypatch, made)
    assert drafting.main(["sales", "quotes"]) == 0
    text = made.file.read_text("utf-8")
    assert "import os" not in text
    assert "x = 1\n" in text


def test_without_a_difference_nothing_is_written(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    drafting_gives(monkeypatch, None)
    assert drafting.main(["sales", "quotes"]) == 0
    assert capsys.readouterr().out == "Tables and migrations say the same: nothing to draft.\n"


@pytest.mark.parametrize("typed", [[], ["sales"], ["sales", ""], ["", "quotes"], ["a", "b", "c"]])
def test_what_is_missing_is_told_with_how_it_is_typed(
    typed: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert drafting.main(typed) == 2
    assert capsys.readouterr().err == "usage: make migration SERVICE=sales SLICE=quotes\n"


@pytest.mark.parametrize("problem", [StartRefused("no slice"), ModuleNotFoundError("no service")])
def test_what_is_wrong_is_one_line(
    problem: Exception, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    drafting_gives(monkeypatch, problem)
    assert drafting.main(["sales", "quotes"]) == 1
    assert capsys.readouterr().err == f"make migration: {problem}\n"


@pytest.mark.parametrize(("letters", "fits"), [(27, True), (28, False)])
async def test_a_revision_has_a_name_of_up_to_32_characters(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    sqlite_url: str,
    letters: int,
    fits: bool,
) -> None:
    """As many as the column has that Alembic keeps it in."""
    name = f"{'q' * letters}_0001"
    written = partial(written_package, tmp_path, monkeypatch)
    package = written(FIRST | {f"20260301_{name}.py": revision(name, after="0001", oldest="0001")})
    if fits:
        assert await migrate(sqlite_url, package) == name
        return
    with pytest.raises(StartRefused, match="in at most 32 characters"):
        await migrate(sqlite_url, package)


@pytest.mark.parametrize(
    ("revisions", "allowed"),
    [
        ((), ("0001",)),
        ((("a_0001", "0001"),), ("0001", "a_0001")),
        ((("a_0001", "a_0001"),), ("a_0001",)),
        ((("a_0001", "0001"), ("b_0001", "a_0001")), ("a_0001", "b_0001")),
        ((("a_0001", "a_0001"), ("b_0001", "0001")), ("a_0001", "b_0001")),
    ],
)
def test_what_may_run_on_the_newest_are_those_that_no_revision_has_closed(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    revisions: tuple[tuple[str, str], ...],
    allowed: tuple[str, ...],
) -> None:
    files, after = dict(FIRST), "0001"
    for day, (name, oldest) in enumerate(revisions, start=1):
        files[f"2026030{day}_{name}.py"] = revision(name, after=after, oldest=oldest)
        after = name
    history = History.of(written_package(tmp_path, monkeypatch, files))
    assert history.allowed() == allowed
    assert history.newest == after
    assert history.knows(None)
    assert history.knows("0001")
    assert not history.knows("z_0001")


def test_a_reply_is_kept_for_a_day() -> None:
    assert KEPT.total_seconds() == 24 * 3_600


def test_the_chassis_has_its_tables_once_in_a_metadata() -> None:
    metadata = new_metadata()
    first = chassis_tables(metadata)
    assert chassis_tables(metadata) == first
    assert {table.name for table in first.all()} == set(metadata.tables)
    assert len(first.all()) == 5
