"""No test runs or grows without end."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.support.memory import MOST_MEGABYTES

ROOT = Path(__file__).parents[2]

SPINNING = """
import asyncio

async def test_beside_a_task_that_spins():
    async def spin():
        while True:
            pass

    spinning = asyncio.create_task(spin())
    await asyncio.sleep(0)
    await asyncio.Event().wait()
"""


# In a process of its own, whose end gives the memory back. Its peak begins at that of the process
# which started it, so only what is larger than that is a new one.
GROWING = """
import pytest
from tests.support.memory import bounded_memory, peak_megabytes

most = peak_megabytes() + 16
try:
    with bounded_memory("test_that_grows", most):
        assert b"x" * ((most + 64) * 1024 * 1024)
except pytest.fail.Exception as failed:
    assert str(failed).startswith("test_that_grows "), failed
    assert str(failed).endswith(f"beyond {most} MB"), failed
else:
    raise SystemExit("not noticed")
with bounded_memory("the test after it", most):
    pass
"""


def test_a_test_that_lets_its_process_outgrow_the_bound_fails_and_is_named() -> None:
    ended = subprocess.run(
        [sys.executable, "-c", GROWING], check=False, capture_output=True, text=True, cwd=ROOT
    )
    assert ended.returncode == 0, ended.stderr


def test_every_test_is_bounded(request: pytest.FixtureRequest) -> None:
    assert "_memory_is_bounded" in request.fixturenames
    assert MOST_MEGABYTES == 2_048
    options = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["pytest"]
    ini = options["ini_options"]
    assert 0 < ini["timeout"] < ini["faulthandler_timeout"]
    assert ini["faulthandler_exit_on_timeout"] is True


def test_a_task_that_spins_beside_its_test_ends_with_its_process(tmp_path: Path) -> None:
    (tmp_path / "test_spinning.py").write_text(SPINNING)
    arguments = ["-c", str(ROOT / "pyproject.toml"), "--rootdir", str(tmp_path), str(tmp_path)]
    limits = ["-o", "timeout=1", "-o", "faulthandler_timeout=2", "-p", "no:cacheprovider"]
    ended = subprocess.run(
        [sys.executable, "-m", "pytest", *arguments, *limits],
        check=False,
        capture_output=True,
        text=True,
        timeout=30,
        cwd=ROOT,
    )
    assert ended.returncode != 0
    assert "Timeout" in ended.stderr + ended.stdout
