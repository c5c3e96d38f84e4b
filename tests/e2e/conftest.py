"""One `make run` with demo data for all tests that only look at it; time for real processes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.local_run import LocalRun
from tests.support.suite import new_suite

HERE = Path(__file__).parent
SECONDS = 240


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker(pytest.mark.timeout(SECONDS))
            item.add_marker(pytest.mark.xdist_group(_group(item)))


def _group(item: pytest.Item) -> str:
    """Whose tests run in one process, because they share a suite that takes long to start."""
    fixtures: list[str] = getattr(item, "fixturenames", [])
    return "demo_run" if "demo_run" in fixtures else item.path.stem


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
