"""Cases that are asked in turn of one setup fail as loudly as parametrised ones."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]

CASES = """
import pytest
from tests.support.in_turn import in_turn

made = []

@pytest.fixture(params=["one", "other"])
def engine(request):
    made.append(request.param)
    return request.param

@in_turn(("number", "square"), [(1, 1), (2, 5), (3, 9), (4, 15)])
async def test_squares(engine, number, square):
    assert number * number == square

@in_turn("number", [1, 2])
def test_plain(number):
    assert number > 0

def test_each_engine_is_made_once():
    assert made == ["one", "other"]
"""


def test_every_case_runs_on_what_is_made_once_and_each_that_fails_is_named(tmp_path: Path) -> None:
    file = tmp_path / "test_cases.py"
    file.write_text(CASES, "utf-8")
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-c", "pyproject.toml"]
    ended = subprocess.run(
        [*command, "--rootdir", str(ROOT), str(file)], check=False, capture_output=True, text=True,
        cwd=ROOT,
    )  # fmt: skip
    failed = [line for line in ended.stdout.splitlines() if line.startswith("SUBFAILED")]
    assert [line.count(case) for line in failed for case in ("number=2", "number=4")] == [
        1, 0, 0, 1, 1, 0, 0, 1,
    ]  # fmt: skip
    assert ended.returncode == 1
    assert "test_each_engine_is_made_once" not in ended.stdout  # it passed
