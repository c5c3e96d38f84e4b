"""The part of `make mutants` that runs inside pytest (`-p tests.mutants.plugin`): notes which lines
each test runs, or runs only those tests that it is told to. What is told and noted is JSON."""

import json
import os
import signal
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

import pytest
from coverage import Coverage

from tests.mutants.reach import AT_IMPORT

__all__ = ["FAILED_IN", "NOTED_IN", "TOLD_IN", "pytest_load_initial_conftests"]

# Names of environment variables, each with the path of a file.
NOTED_IN: Final = "MUTANTS_NOTED_IN"
TOLD_IN: Final = "MUTANTS_TOLD_IN"
FAILED_IN: Final = "MUTANTS_FAILED_IN"


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> None:
    """Before any conftest, since what they import runs lines, too."""
    if NOTED_IN in os.environ:
        early_config.pluginmanager.register(_Noting(Path(os.environ[NOTED_IN])))
    if TOLD_IN in os.environ:
        told = json.loads(Path(os.environ[TOLD_IN]).read_text("utf-8"))
        failed_in = Path(os.environ[FAILED_IN])
        early_config.pluginmanager.register(_Only(told, failed_in))


class _Only:
    """Runs these tests, those of one file together, files in the order that is told, and notes the
    one that failed. One that takes longer than its seconds ends it all, by SIGALRM."""

    def __init__(self, told: Mapping[str, float], failed_in: Path) -> None:
        self._failed_in = failed_in
        self._told = told
        self._files = {file: at for at, file in enumerate(dict.fromkeys(map(_file_of, told)))}

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        items[:] = [item for item in items if item.nodeid in self._told]
        items.sort(key=lambda item: self._files[_file_of(item.nodeid)])

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        signal.setitimer(signal.ITIMER_REAL, self._told[item.nodeid])
        outcome = yield
        signal.setitimer(signal.ITIMER_REAL, 0)
        return outcome

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            self._failed_in.write_text(report.nodeid, "utf-8")


class _Noting:
    """Lines that run while nothing is tested, at import, are not any test's."""

    def __init__(self, noted_in: Path) -> None:
        self._noted_in = noted_in
        self._seconds: dict[str, float] = {}
        self._failed: set[str] = set()
        self._traced = Coverage(
            data_file=None,
            config_file=False,
            include=[f"{Path.cwd()}/{root}/*" for root in ("services", "gateway", "cli")],
            concurrency=["greenlet", "thread"],
        )
        self._traced.start()

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        self._traced.switch_context(item.nodeid)
        started = time.monotonic()
        outcome = yield
        self._seconds[item.nodeid] = time.monotonic() - started
        self._traced.switch_context(AT_IMPORT)
        return outcome

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            self._failed.add(report.nodeid)

    def pytest_sessionfinish(self) -> None:
        self._traced.stop()
        data = self._traced.get_data()
        lines: dict[str, dict[str, list[int]]] = defaultdict(lambda: defaultdict(list))
        for path in data.measured_files():
            module = str(Path(path).relative_to(Path.cwd()))
            for line, tests in data.contexts_by_lineno(path).items():
                for test in tests:
                    lines[test][module].append(line)
        noted = {
            test: {
                "seconds": seconds,
                "lines": lines[test],
                "failed": test in self._failed,
            }
            for test, seconds in {AT_IMPORT: 0.0, **self._seconds}.items()
        }
        self._noted_in.write_text(json.dumps(noted), "utf-8")


def _file_of(test: str) -> str:
    return test.partition("::")[0]
