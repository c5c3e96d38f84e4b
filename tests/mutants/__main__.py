"""`make mutants`: breaks the code in a seeded sample of places, runs the tests that should notice,
and prints what nobody noticed. What is broken, and by which tests it is judged, is in `areas`."""

import argparse
import os
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

from tests.mutants.areas import AREAS, Area
from tests.mutants.judged import reason_to_leave
from tests.mutants.reach import Reach
from tests.mutants.sampling import draw, mutants_of
from tests.mutants.trials import Notes, Trial, Verdict, copied, run

_CHECKOUT: Final = Path(__file__).parents[2]
_SAMPLE: Final = 15


def main() -> None:
    asked = _arguments()
    areas = [area for name in asked.areas for area in AREAS if area.name == name]
    os.chdir(_CHECKOUT)
    samples = {
        area: draw(mutants_of(area.name, _modules(area)), size=asked.sample, seed=asked.seed)
        for area in areas
    }
    with copied(_CHECKOUT, asked.workers) as copies:
        notes = Notes(copies)
        for area, sample in samples.items():
            reached = _reach(area, notes)
            trials = run(sample, reached, copies, workers=asked.workers, told=_tell)
            _tell_failed(reached.failed)
            _sum_up(area, trials, asked.seed)


def _reach(area: Area, notes: Notes) -> Reach:
    started = time.monotonic()
    reached = notes.reach(area)
    took = time.monotonic() - started
    print(f"what the tests of {area.name} run, with nothing broken: {took:.0f} s", flush=True)
    return reached


def _tell_failed(tests: Iterable[str]) -> None:
    for test in tests:
        print(f"failed with nothing broken, and wasn't asked: {test}")


def _modules(area: Area) -> list[Path]:
    """An `__init__` only names things; a migration runs once, and is compared with the tables."""
    found = {path for pattern in area.modules for path in Path().glob(pattern)}
    return sorted(
        path for path in found if path.name != "__init__.py" and "migrations" not in path.parts
    )


def _tell(trial: Trial) -> None:
    """At once, as a run takes long. What noticed it is told, too, so that nothing counts as noticed
    that the machine did."""
    if trial.noticed:
        print(f"noticed {trial.verdict.value}: {_place(trial)} {trial.by}", flush=True)
        return
    reason = reason_to_leave(trial)
    print(f"{'equivalent' if reason else 'SURVIVED'} {_place(trial)}")
    print(reason or trial.difference, flush=True)


def _place(trial: Trial) -> str:
    mutation = trial.mutant.mutation
    return f"{mutation.module_path}:{mutation.start_pos[0]}"


def _sum_up(area: Area, trials: Sequence[Trial], seed: int) -> None:
    noticed = sum(trial.noticed for trial in trials)
    equivalent = sum(reason_to_leave(trial) is not None for trial in trials if not trial.noticed)
    counted = len(trials) - equivalent
    ways = ", ".join(
        f"{sum(trial.verdict is way for trial in trials)} {way.value}"
        for way in Verdict
        if way is not Verdict.SURVIVED
    )
    share = 100 * noticed / counted if counted else 100.0
    print(
        f"{area.name}: {len(trials)} mutants (seed {seed}): {noticed} killed ({ways}), "
        f"{equivalent} equivalent, {counted - noticed} survived; "
        f"{share:.1f} % of those that are not equivalent are killed",
        flush=True,
    )


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make mutants", description=__doc__)
    parser.add_argument("--sample", type=int, default=_SAMPLE, help="how many of each area")
    parser.add_argument("--seed", type=int, default=1, help="the same seed draws the same ones")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1, help="side by side")
    parser.add_argument("--areas", nargs="+", default=[area.name for area in AREAS])
    return parser.parse_args()


if __name__ == "__main__":
    main()
