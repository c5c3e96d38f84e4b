"""Runs an area's tests against one mutant after another, in copies of the checkout, so that the
working tree is never touched."""

import difflib
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from queue import SimpleQueue
from tempfile import TemporaryDirectory
from typing import Final

from cosmic_ray.mutating import use_mutation
from cosmic_ray.plugins import get_operator

from tests.mutants.areas import Area
from tests.mutants.sampling import Mutant

__all__ = ["BaselineFails", "Copies", "Trial", "baseline", "copied", "run"]

# What hangs is noticed too: a trial that takes this much longer than the tests alone is killed.
_TIMES_BASELINE: Final = 3
_SPARE_SECONDS: Final = 30.0
_PYTEST: Final = ("-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", "-k", "not postgresql")

Copies = SimpleQueue[Path]


class BaselineFails(Exception):
    """The tests of an area fail although nothing is broken."""


@dataclass(frozen=True, slots=True)
class Trial:
    """What became of a mutant: `noticed` where any test failed; `difference` as a unified diff."""

    mutant: Mutant
    noticed: bool
    difference: str


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


def baseline(area: Area, copies: Copies) -> float:
    """How long the tests of an area take, in seconds. Raises BaselineFails."""
    started = time.monotonic()
    with _one_of(copies) as copy:
        if _tests_fail(area, copy, timeout=None):
            raise BaselineFails(f"{area.name}: {' '.join(area.tests)} fail with nothing broken")
    return time.monotonic() - started


def run(
    mutants: Sequence[Mutant],
    areas: Mapping[str, Area],
    seconds: Mapping[str, float],
    copies: Copies,
    *,
    workers: int,
    told: Callable[[Trial], None],
) -> list[Trial]:
    """Tries every mutant, as many at a time as there are copies; `told` hears of each."""
    with ThreadPoolExecutor(workers) as pool:
        trials = []
        for trial in pool.map(partial(_try, areas, seconds, copies), mutants):
            told(trial)
            trials.append(trial)
        return trials


def _try(
    areas: Mapping[str, Area], seconds: Mapping[str, float], copies: Copies, mutant: Mutant
) -> Trial:
    mutation = mutant.mutation
    operator = get_operator(mutation.operator_name)(**mutation.operator_args)
    timeout = _TIMES_BASELINE * seconds[mutant.area] + _SPARE_SECONDS
    with (
        _one_of(copies) as copy,
        use_mutation(copy / mutation.module_path, operator, mutation.occurrence) as (sound, broken),
    ):
        difference = _difference(str(mutation.module_path), sound, broken or sound)
        return Trial(mutant, _tests_fail(areas[mutant.area], copy, timeout), difference)


@contextmanager
def _one_of(copies: Copies) -> Iterator[Path]:
    copy = copies.get()
    try:
        yield copy
    finally:
        copies.put(copy)


def _tests_fail(area: Area, copy: Path, timeout: float | None) -> bool:
    tests = subprocess.Popen(
        [sys.executable, *_PYTEST, *area.tests],
        cwd=copy,
        # Compiled files could outlive a mutant that is as long as what it replaces.
        env={**os.environ, "PYTHONPATH": f"{copy}:{copy / 'gen'}", "PYTHONDONTWRITEBYTECODE": "1"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        return tests.wait(timeout) != 0
    except subprocess.TimeoutExpired:
        return True
    finally:
        _end(tests)


def _end(tests: "subprocess.Popen[bytes]") -> None:
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
