"""Runs the tests that reach a mutant, for one mutant after another, in copies of the checkout, so
that the working tree is never touched."""

import difflib
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum
from functools import partial
from pathlib import Path
from queue import SimpleQueue
from tempfile import TemporaryDirectory
from typing import Final

import pytest
from cosmic_ray.mutating import use_mutation
from cosmic_ray.plugins import get_operator

from tests.mutants.areas import Area
from tests.mutants.plugin import FAILED_IN, NOTED_IN, TOLD_IN
from tests.mutants.reach import AT_IMPORT, Noted, Reach, portions
from tests.mutants.sampling import Mutant

__all__ = ["BaselineFails", "Copies", "Notes", "Trial", "Verdict", "copied", "run"]

# What hangs is noticed too: a test that takes this much longer than it does alone is killed, and so
# is a trial that takes this much longer than its tests, as where a module doesn't come to its end.
_TIMES_ALONE: Final = 3
_SPARE_SECONDS: Final = 60.0
_PYTEST: Final = (
    *("-m", "pytest", "-q", "-p", "no:cacheprovider", "-k", "not postgresql"),
    *("-p", "tests.mutants.plugin"),
)
_LAST_LINES: Final = 3

Copies = SimpleQueue[Path]


class BaselineFails(Exception):
    """The tests of an area can't be run although nothing is broken."""


class Verdict(Enum):
    """How a mutant was noticed, if it was. BROKE: pytest ended otherwise than by a failing test,
    as for a module that doesn't load."""

    FAILED = "by a failing test"
    HUNG = "by a time-out"
    BROKE = "by not loading"
    SURVIVED = "by nothing"


@dataclass(frozen=True, slots=True)
class Trial:
    """What became of a mutant; `difference` as a unified diff, `told` as pytest's last words, and
    `by` which test, where one failed."""

    mutant: Mutant
    verdict: Verdict
    difference: str
    told: str
    by: str

    @property
    def noticed(self) -> bool:
        return self.verdict is not Verdict.SURVIVED


@contextmanager
def copied(checkout: Path, workers: int) -> Iterator[Copies]:
    """So many copies of the files that git tracks or would track, and of what is built."""
    listed = subprocess.run(
        ["git", "ls-files", "-coz", "--exclude-standard"],
        cwd=checkout,
        capture_output=True,
        check=True,
    )
    files = [name for name in listed.stdout.decode().split("\0") if (checkout / name).is_file()]
    copies: Copies = SimpleQueue()
    with TemporaryDirectory() as folder:
        for number in range(workers):
            copy = Path(folder) / str(number)
            for name in files:
                (copy / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(checkout / name, copy / name)
            shutil.copytree(checkout / "gen", copy / "gen")
            (copy / ".venv").symlink_to(checkout / ".venv")
            copies.put(copy)
        yield copies


class Notes:
    """What tests run, with nothing broken: noted once, also where they judge several areas."""

    def __init__(self, copies: Copies) -> None:
        self._copies = copies
        self._noted: dict[str, dict[str, Noted]] = {}

    def reach(self, area: Area) -> Reach:
        """Raises BaselineFails."""
        new = [tests for tests in area.tests if tests not in self._noted]
        if new:
            noted = self._note(area, new)
            for tests in new:
                self._noted[tests] = {
                    test: of
                    for test, of in noted.items()
                    if test.startswith(tests) or test == AT_IMPORT
                }
        return Reach(*(self._noted[tests] for tests in area.tests))

    def _note(self, area: Area, tests: Sequence[str]) -> dict[str, Noted]:
        with _one_of(self._copies) as copy, TemporaryDirectory() as folder:
            noted = Path(folder) / "noted.json"
            verdict, told = _run(copy, tests, {NOTED_IN: str(noted)}, timeout=None)
            if verdict is Verdict.BROKE:
                raise BaselineFails(f"{area.name}: {' '.join(tests)} with nothing broken: {told}")
            found = json.loads(noted.read_text("utf-8"))
            return {test: Noted(**of) for test, of in found.items()}


def run(
    mutants: Sequence[Mutant],
    reach: Reach,
    copies: Copies,
    *,
    workers: int,
    told: Callable[[Trial], None],
) -> list[Trial]:
    """Tries mutants of one area, as many at a time as there are copies; `told` hears of each."""
    with ThreadPoolExecutor(workers) as pool:
        trials = []
        for trial in pool.map(partial(_try, reach, copies), mutants):
            told(trial)
            trials.append(trial)
        return trials


def _try(reach: Reach, copies: Copies, mutant: Mutant) -> Trial:
    """A test that fails is asked again with nothing broken: what fails by chance, as for being
    slow, has noticed nothing, and the others are asked without it."""
    with _one_of(copies) as copy:
        trial = _shown(mutant, reach, copy)
        while trial.by and _ask([trial.by], reach, copy)[0] is Verdict.FAILED:
            reach.leave_out(trial.by)
            trial = _shown(mutant, reach, copy)
        return trial


def _shown(mutant: Mutant, reach: Reach, copy: Path) -> Trial:
    mutation = mutant.mutation
    module = str(mutation.module_path)
    operator = get_operator(mutation.operator_name)(**mutation.operator_args)
    with use_mutation(copy / module, operator, mutation.occurrence) as (sound, broken):
        tests = reach.tests(module, sound, mutation.start_pos[0])
        verdict, words, by = Verdict.SURVIVED, "", ""
        for some in portions(tests):
            verdict, words, by = _ask(some, reach, copy)
            if verdict is not Verdict.SURVIVED:
                break
        return Trial(mutant, verdict, _difference(module, sound, broken or sound), words, by)


def _ask(tests: Sequence[str], reach: Reach, copy: Path) -> tuple[Verdict, str, str]:
    """Runs these until one fails: the verdict, pytest's last words, and which one it was."""
    with TemporaryDirectory() as folder:
        told, failed = Path(folder) / "told.json", Path(folder) / "failed"
        told.write_text(json.dumps({test: _may_take([test], reach) for test in tests}), "utf-8")
        verdict, words = _run(
            copy,
            ["-x", *dict.fromkeys(test.partition("::")[0] for test in tests)],
            # What compiled with nothing broken is used, and a mutant leaves nothing compiled.
            {TOLD_IN: str(told), FAILED_IN: str(failed), "PYTHONDONTWRITEBYTECODE": "1"},
            timeout=_may_take(tests, reach),
        )
        if verdict is not Verdict.FAILED:
            return verdict, words, ""
        if not failed.exists():  # pytest says the same where a module of tests doesn't load
            return Verdict.BROKE, words, ""
        return verdict, words, failed.read_text("utf-8")


def _may_take(tests: Iterable[str], reach: Reach) -> float:
    return _TIMES_ALONE * reach.seconds(tests) + _SPARE_SECONDS


@contextmanager
def _one_of(copies: Copies) -> Iterator[Path]:
    copy = copies.get()
    try:
        yield copy
    finally:
        copies.put(copy)


def _run(
    copy: Path, arguments: Iterable[str], environment: Mapping[str, str], timeout: float | None
) -> tuple[Verdict, str]:
    started = subprocess.Popen(
        [sys.executable, *_PYTEST, *arguments],
        cwd=copy,
        env={
            **os.environ,
            **environment,
            "PYTHONPATH": f"{copy}:{copy / 'gen'}",
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        output, _ = started.communicate(timeout=timeout)
    except subprocess.TimeoutExpired:
        return Verdict.HUNG, ""
    finally:
        _end(started)
    return _verdict(started.returncode), "\n".join(output.splitlines()[-_LAST_LINES:])


def _verdict(code: int) -> Verdict:
    match code:
        case pytest.ExitCode.OK | pytest.ExitCode.NO_TESTS_COLLECTED:
            return Verdict.SURVIVED
        case pytest.ExitCode.TESTS_FAILED:
            return Verdict.FAILED
        case _ if code == -signal.SIGALRM:
            return Verdict.HUNG
        case _:
            return Verdict.BROKE


def _end(tests: "subprocess.Popen[str]") -> None:
    """Ends the tests and whatever they started."""
    try:
        os.killpg(tests.pid, signal.SIGKILL)
    except ProcessLookupError:
        return
    tests.wait()


def _difference(module: str, sound: str, broken: str) -> str:
    lines = difflib.unified_diff(
        sound.splitlines(), broken.splitlines(), module, module, n=1, lineterm=""
    )
    return "\n".join(lines)
