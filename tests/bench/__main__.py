"""`python -m tests.bench [NAME …]`: measures, prints what came out, and judges nothing.

Figures vary with the machine: docs/performance.md has those of a quiet one and what bounds them.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.bench import grpc_reads, imports, latency, rest, search
from tests.bench.figures import Figure
from tests.bench.machine import describe

_BENCHMARKS: dict[str, Callable[[int], Iterator[Figure]]] = {
    "import": imports.measure,
    "rest": rest.measure,
    "grpc": grpc_reads.measure,
    "latency": latency.measure,
    "search": search.measure,
}


def main() -> None:
    """Runs the benchmarks named, all by default."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(_BENCHMARKS))
    parser.add_argument("--rounds", type=int, default=5, help="repetitions of each (default 5)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there too")
    asked = parser.parse_args()
    if unknown := set(asked.names) - set(_BENCHMARKS):
        parser.error(f"no benchmark {', '.join(sorted(unknown))}: {', '.join(_BENCHMARKS)}")
    machine = describe()
    print(", ".join(f"{key} {value}" for key, value in machine.items()), flush=True)
    figures = []
    for name in asked.names or _BENCHMARKS:
        for figure in _BENCHMARKS[name](max(1, asked.rounds)):
            figures.append(figure)
            print(figure, flush=True)
    if asked.json:
        found = {"machine": machine, "figures": [figure.as_json() for figure in figures]}
        asked.json.write_text(json.dumps(found, indent=2, ensure_ascii=False) + "\n", "utf-8")


if __name__ == "__main__":
    main()
