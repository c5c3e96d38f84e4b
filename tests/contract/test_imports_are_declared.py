"""What is imported is declared in requirements/*.in, so that no package comes along by chance."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterable
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
OURS = {"services", "gateway", "cli", "deploy", "protos", "tests", "guanxi", "buf"}
# Every type checker brings it, and nothing is imported from it at run time.
TYPES_ONLY = {"_typeshed"}
# A package that is only there to bring others, and the one that carries its modules.
CARRIED = {"protobuf-py-pure": "protobuf-py"}


@pytest.mark.parametrize(
    ("folders", "requirements"),
    [
        (("services", "gateway", "cli", "deploy", "protos"), ("run",)),
        (("tests/unit", "tests/contract", "tests/e2e", "tests/support"), ("run", "dev")),
        (("tests/bench",), ("run", "dev", "bench")),
        (("tests/mutants",), ("run", "dev", "mutants")),
    ],
)
def test_what_is_imported_is_declared(
    folders: tuple[str, ...], requirements: tuple[str, ...]
) -> None:
    declared = {package for name in requirements for package in declared_in(name)}
    distributions = packages_distributions()
    undeclared = {
        module
        for module in imported_in(folders) - OURS - TYPES_ONLY - sys.stdlib_module_names
        # What only `make mutants` or `make bench` installs is known by its own name.
        if declared.isdisjoint(normal(each) for each in distributions.get(module, (module,)))
    }
    assert sorted(undeclared) == []


def imported_in(folders: Iterable[str]) -> set[str]:
    """The first names of all modules that are imported, inside of functions too."""
    modules: set[str] = set()
    for folder in folders:
        for path in (ROOT / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                if isinstance(node, ast.Import):
                    modules.update(each.name.partition(".")[0] for each in node.names)
                elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                    modules.add(node.module.partition(".")[0])
    assert len(modules) > 10
    return modules


def declared_in(name: str) -> set[str]:
    lines = (ROOT / f"requirements/{name}.in").read_text("utf-8").splitlines()
    found = (re.match(r"[A-Za-z][\w.-]*", line) for line in lines)
    return {normal(each[0]) for each in found if each}


def normal(package: str) -> str:
    name = re.sub(r"[-_.]+", "-", package).lower()
    return CARRIED.get(name, name)
