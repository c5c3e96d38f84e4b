"""Finds every mutant of some modules and draws a seeded sample of them.

A place in the code can be broken in many ways: places are drawn, then one way for each, so that an
arithmetic operator with its ten replacements weighs no more than a comparison.
"""

import ast
import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory

from cosmic_ray.commands import init
from cosmic_ray.mutating import mutate_code
from cosmic_ray.plugins import get_operator
from cosmic_ray.work_db import WorkDB, use_db
from cosmic_ray.work_item import MutationSpec

__all__ = ["Mutant", "draw", "mutants_of"]


@dataclass(frozen=True, slots=True)
class Mutant:
    """One place of one module, broken in one way."""

    area: str
    mutation: MutationSpec

    @property
    def place(self) -> tuple[str, tuple[int, int]]:
        return str(self.mutation.module_path), self.mutation.start_pos


def mutants_of(area: str, modules: Iterable[Path]) -> Iterator[Mutant]:
    """Every mutant of the modules, but for those in annotations, decorators and protocols: what is
    broken there is found by the type checker, or never ran."""
    silent = {module: _silent_ranges(module.read_text("utf-8")) for module in modules}
    with TemporaryDirectory() as folder, use_db(f"{folder}/all", mode=WorkDB.Mode.create) as found:
        init(list(silent), found, {})
        for item in found.work_items:
            (mutation,) = item.mutations
            ranges = silent[mutation.module_path]
            if not any(first <= mutation.start_pos < last for first, last in ranges):
                yield Mutant(area, mutation)


def draw(mutants: Iterable[Mutant], *, size: int, seed: int) -> Sequence[Mutant]:
    """A sample in the order it was drawn; the same seed draws the same from the same code."""
    chance = random.Random(seed)
    by_place: dict[tuple[str, tuple[int, int]], list[Mutant]] = {}
    for mutant in mutants:
        by_place.setdefault(mutant.place, []).append(mutant)
    places = chance.sample(sorted(by_place), len(by_place))
    drawn = (chance.choice(by_place[place]) for place in places)
    return list(islice(filter(_is_python, drawn), size))


def _is_python(mutant: Mutant) -> bool:
    """The `*` of a signature and the dots of a name are taken for what they are in an expression;
    what comes of it isn't Python, and would count as noticed though no test had to. An exception
    whose name has a dot can't be replaced among several."""
    mutation = mutant.mutation
    operator = get_operator(mutation.operator_name)(**mutation.operator_args)
    try:
        source = mutate_code(mutation.module_path.read_text("utf-8"), operator, mutation.occurrence)
        ast.parse(source or "")
    except (SyntaxError, AttributeError):
        return False
    return source is not None


_Range = tuple[tuple[int, int], tuple[int, int]]


def _silent_ranges(source: str) -> list[_Range]:
    return [_range(node) for node in _silent_nodes(ast.parse(source))]


def _silent_nodes(tree: ast.Module) -> Iterator[ast.expr | ast.ClassDef]:
    for node in ast.walk(tree):
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                yield from node.decorator_list
                if node.returns is not None:
                    yield node.returns
            case ast.ClassDef():
                yield from node.decorator_list
                if any(isinstance(base, ast.Name) and base.id == "Protocol" for base in node.bases):
                    yield node
            case ast.arg(annotation=ast.expr() as annotation):
                yield annotation
            case ast.AnnAssign():
                yield node.annotation


def _range(node: ast.expr | ast.ClassDef) -> _Range:
    end_line, end_column = node.end_lineno or node.lineno, node.end_col_offset or 0
    return (node.lineno, node.col_offset), (end_line, end_column)
