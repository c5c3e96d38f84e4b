"""One `make run` with demo data for all tests that only look at it; time for real processes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from xdist.scheduler import LoadFileScheduling

from tests.e2e.local_run import LocalRun
from tests.support.suite import new_suite

HERE = Path(__file__).parent
SECONDS = 240
LOOK_AT_THE_DEMO = {
    path.name for path in HERE.glob("test_*.py") if "demo_run: LocalRun" in path.read_text("utf-8")
}


class OneSuiteForTheDemo(LoadFileScheduling):  # type: ignore[misc] # carries no types
    """Files that look at the demo data go to one process, which starts that suite once."""

    def _split_scope(self, nodeid: str) -> str:
        file: str = super()._split_scope(nodeid)
        return "demo_run" if file.rpartition("/")[2] in LOOK_AT_THE_DEMO else file


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> OneSuiteForTheDemo | None:
    if config.getoption("dist") != "loadfile":
        return None
    return OneSuiteForTheDemo(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker(pytest.mark.timeout(SECONDS))


@pytest.fixture(scope="session")
def demo_run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalRun]:
    """A suite with demo data that is up."""
    run = LocalRun(new_suite(tmp_path_factory.mktemp("run") / "data"))
    try:
        run.wait_for("Guanxi is up.")
        yield run
    finally:
        if run.process.poll() is None:
            run.interrupt()
