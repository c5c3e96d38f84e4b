"""What is read at the end of an import, and what moves while it runs."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from rich.console import Console

from cli.imports import progress, result
from cli.imports.columns import Columns
from cli.imports.job import Job
from cli.imports.numbers import Numbers
from cli.imports.reading import Style
from cli.imports.refusals import LeftOut, Refusals
from cli.imports.result import Result, report
from cli.imports.survey import FIELDS
from cli.imports.values import Times
from tests.support.imports import opened, written

HEADER = "order,date,qty,price,customer,note,colour\n"
ROW = "V-1,2026-02-01,2,4.50,ANN,,\n"


@pytest.fixture
def job(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Job:
    monkeypatch.chdir(tmp_path)
    source = opened(written(tmp_path / "o.csv", f"Spring fair\n{HEADER}{ROW}{ROW}"))
    style = Style(Times(ZoneInfo("UTC")), Numbers())
    located = Columns(FIELDS, {}).locate(source.header)
    return Job(source, located, {}, style, dry_run=False, wait=True)


def _lines(
    job: Job, done: Result, refusals: Refusals, monkeypatch: pytest.MonkeyPatch
) -> list[str]:
    text = io.StringIO()
    monkeypatch.setattr(result, "console", Console(file=text, width=200))
    report(job, done, refusals)
    return [" ".join(line.replace("│", " ").split()) for line in text.getvalue().splitlines()]


def test_the_counts_stand_under_what_they_count(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    done = Result(12_345)
    done.add("customers", 1_200, 34, 5)
    done.add("orders", 7, 0, 0)
    told = _lines(job, done, Refusals(), monkeypatch)
    assert "new ┃ already there ┃ refused ┃" in next(line for line in told if "new" in line)
    assert "customers 1,200 34 5" in told
    assert "orders 7 0 0" in told
    assert told[-3:] == [
        "The columns are named on line 2.",
        "Columns not used: note, colour.",
        "12,345 rows read, 0 refused.",
    ]


def test_nothing_is_said_of_columns_that_are_as_they_should_be(
    job: Job, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = opened(written(tmp_path / "o.csv", "order,date,qty,price,\nV-1,2026-02-01,1,1,\n"))
    located = Columns(FIELDS, {}).locate(source.header)
    told = _lines(replace(job, source=source, columns=located), Result(1), Refusals(), monkeypatch)
    assert told[-1] == "1 rows read, 0 refused."
    assert not any("olumns" in line for line in told)


def test_where_refused_rows_and_values_left_out_are_is_told(
    job: Job, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    refusals = Refusals({3: "no"}, [LeftOut(4, "region", "x", "too long")])
    told = _lines(job, Result(2), refusals, monkeypatch)
    assert told[-3:] == [
        "2 rows read, 1 refused.",
        f"Refused rows, each with its line number and reason: {tmp_path / 'o.csv.refused.csv'}",
        f"1 values left out of rows that went in: {tmp_path / 'o.csv.cells.csv'}",
    ]
    assert (tmp_path / "o.csv.refused.csv").read_text("utf-8-sig").splitlines() == [
        "line,reason," + HEADER.strip(),
        "3,no," + ROW.strip(),
    ]
    assert len((tmp_path / "o.csv.cells.csv").read_text("utf-8-sig").splitlines()) == 2


def test_where_nothing_was_refused_no_file_is_left(
    job: Job, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _lines(job, Result(2), Refusals(), monkeypatch)
    assert [path.name for path in tmp_path.iterdir()] == ["o.csv"]


def test_a_bar_moves_on_a_terminal_and_nothing_is_written_elsewhere(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for is_terminal in (True, False):
        text = io.StringIO()
        console = Console(file=text, width=100, force_terminal=is_terminal)
        monkeypatch.setattr(progress, "_errors", console)
        with progress.bars() as shown:
            advance = progress.advancing(shown, "Orders", 2_000)
            advance(1_000)
            advance(500)
        assert ("Orders" in text.getvalue()) == is_terminal
        assert ("1500/2000" in text.getvalue()) == is_terminal
