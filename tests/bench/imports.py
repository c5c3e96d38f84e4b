"""A company's whole order history imported by the command line into an empty suite on SQLite,
until insight has caught up and the segments are drawn ÷ a plain bulk load of the same rows."""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from tests.bench import bulk_load
from tests.bench.figures import Figure, median
from tests.bench.machine import cpu_seconds
from tests.support.retail import retail_lines, write_csv
from tests.support.suite import MODULES, ROOT, running_suite

_REAL = ROOT.parent / "shared" / "data" / "online_retail.csv.gz"
_LINES = 541_909
_INVOICES = 27_000
_TARGET = 6.0
_MOST_ROUNDS = 3
_LOADS_A_ROUND = 3


@dataclass(frozen=True, slots=True)
class _Import:
    """One import: its wall time, and the processor time of each process in that time."""

    seconds: float
    cpu_seconds: dict[str, float]

    @classmethod
    def of(cls, source: Path, folder: Path) -> _Import:
        """Starts a suite, imports, stops it. Only the import is timed."""
        with running_suite(folder, base_currency="GBP", business_date="2011-12-10") as suite:
            before = {name: cpu_seconds(suite.pid(name)) for name in MODULES}
            children = _children_seconds()
            started = time.perf_counter()
            suite.guanxi("import", "orders", str(source), "--currency", "GBP")
            seconds = time.perf_counter() - started
            used = {name: cpu_seconds(suite.pid(name)) - before[name] for name in MODULES}
            used["command line"] = _children_seconds() - children
            assert suite.get("/v1/orders:summarize")["orderCount"]
        return cls(seconds, used)

    def shares(self) -> str:
        """`sales 4.1 s, insight 3.0 s, …`."""
        ranked = sorted(self.cpu_seconds.items(), key=lambda item: -item[1])
        return ", ".join(f"{name} {seconds:.1f} s" for name, seconds in ranked)


def measure(rounds: int) -> Iterator[Figure]:
    """Each round loads three times and imports once, into a suite of its own."""
    with tempfile.TemporaryDirectory(prefix="guanxi-bench-") as name:
        folder = Path(name)
        source, of_what = _source(folder)
        loads: list[float] = []
        imports: list[_Import] = []
        ratios: list[float] = []
        for number in range(min(rounds, _MOST_ROUNDS)):
            taken = [_load(source, folder / f"{number}.db") for _ in range(_LOADS_A_ROUND)]
            imports.append(_Import.of(source, folder / f"suite-{number}"))
            loads += taken
            ratios.append(imports[-1].seconds / median(taken))
        middle = sorted(imports, key=lambda each: each.seconds)[len(imports) // 2]
        yield Figure(
            "import ÷ bulk load",
            median(ratios),
            _TARGET,
            "<=",
            f"{middle.seconds:.1f} s",
            f"{median(loads):.2f} s",
            ratios,
            {"rows": of_what, "processor time": middle.shares()},
        )


def _load(source: Path, database: Path) -> float:
    database.unlink(missing_ok=True)
    started = time.perf_counter()
    script = Path(bulk_load.__file__)
    subprocess.run([sys.executable, str(script), str(source), str(database)], check=True)
    return time.perf_counter() - started


def _source(folder: Path) -> tuple[Path, str]:
    """The file of real orders where it is, else as many generated lines of the same shape."""
    if _REAL.exists():
        return _REAL, f"{_LINES:,} lines of {_REAL.name}"
    lines = islice(retail_lines(seed=1, invoices=_INVOICES), _LINES)
    return write_csv(lines, folder / "orders.csv.gz"), f"{_LINES:,} generated lines"


def _children_seconds() -> float:
    """Processor time of ended child processes."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
