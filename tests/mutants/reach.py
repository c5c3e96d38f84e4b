"""Which tests run which statement, to ask those first that can notice that it is broken.

A test that runs all of a module in a process of its own is left out, so that the share of what is
noticed is rather told too low than too high.
"""

import ast
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

__all__ = ["AT_IMPORT", "Noted", "Reach", "portions"]

# The "test" that runs what runs when modules load.
AT_IMPORT: Final = ""
_FILES_AT_FIRST: Final = 3


@dataclass(frozen=True, slots=True)
class Noted:
    """What a test takes, the lines of each module that it runs, and whether it failed."""

    seconds: float
    lines: Mapping[str, Sequence[int]]
    failed: bool


class Reach:
    """Made of what was noted while the tests of an area ran with nothing broken. A test that failed
    even so, as on a machine that is busy, would notice anything: it is `failed` and never asked."""

    def __init__(self, *noted: Mapping[str, Noted]) -> None:
        found = [each for some in noted for each in some.items()]
        self.failed = sorted(test for test, of in found if of.failed)
        passed = [(test, of) for test, of in found if not of.failed]
        self._seconds = {test: of.seconds for test, of in passed if test != AT_IMPORT}
        self._tests: dict[str, dict[int, set[str]]] = defaultdict(lambda: defaultdict(set))
        for test, of in passed:
            for module, lines in of.lines.items():
                for line in lines:
                    self._tests[module][line].add(test)

    def leave_out(self, test: str) -> None:
        """This one fails with nothing broken, too, as has come out now."""
        self.failed.append(test)

    def seconds(self, tests: Iterable[str]) -> float:
        return sum(self._seconds[test] for test in tests)

    def tests(self, module: str, source: str, line: int) -> list[str]:
        """Those that run the statement that holds a line, cheap files first; then those that run
        anything of its module, for what an earlier test had kept shows there; and then the others,
        where it runs while modules load, tests' modules too, and may show anywhere. What only makes
        a private name of the module shows where that is used: not anywhere else."""
        by_line = self._tests.get(module, {})
        statement = _statement(source, line)
        runs = _of_lines(by_line, statement)
        own = _private(source, statement)
        direct = (runs | _of_lines(by_line, _uses(source, own))) - {AT_IMPORT}
        near = _of_lines(by_line, by_line) - {AT_IMPORT} - direct
        far = set(self._seconds) - direct - near if AT_IMPORT in runs and not own else set()
        asked = [test for tests in (direct, near, far) for test in self._cheap_first(tests)]
        return [test for test in asked if test not in self.failed]

    def _cheap_first(self, tests: Iterable[str]) -> list[str]:
        files: dict[str, list[str]] = defaultdict(list)
        for test in sorted(tests):
            files[test.partition("::")[0]].append(test)
        return [test for file in sorted(files.values(), key=self.seconds) for test in file]


def portions(tests: Sequence[str]) -> Iterator[Sequence[str]]:
    """The tests of the first files, then all others: most mutants are noticed by the first, and
    the others needn't be loaded for them."""
    files = [test.partition("::")[0] for test in tests]
    first = list(dict.fromkeys(files))[:_FILES_AT_FIRST]
    end = next((at for at, file in enumerate(files) if file not in first), len(tests))
    yield tests[:end]
    if end < len(tests):
        yield tests[end:]


def _of_lines(by_line: Mapping[int, set[str]], lines: Iterable[int]) -> set[str]:
    return set().union(*(by_line.get(line, ()) for line in lines))


def _statement(source: str, line: int) -> range:
    """The lines of the innermost statement around a line; of one with a body, those above it."""
    found = range(line, line + 1)
    for node in ast.walk(ast.parse(source)):  # breadth first: what is found last is innermost
        if isinstance(node, ast.stmt):
            lines = _own_lines(node)
            if line in lines:
                found = lines
    return found


def _private(source: str, lines: range) -> frozenset[str]:
    """The names that a statement of the module itself makes, if all it does is to make private
    ones."""
    for node in ast.parse(source).body:
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.lineno == lines.start:
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            names = frozenset(each.id for each in targets if isinstance(each, ast.Name))
            if len(names) == len(targets) and all(name.startswith("_") for name in names):
                return names
    return frozenset()


def _uses(source: str, names: Collection[str]) -> Iterator[int]:
    """The lines of all statements in which one of these names is used."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Name) and node.id in names and isinstance(node.ctx, ast.Load):
            yield from _statement(source, node.lineno)


def _own_lines(node: ast.stmt) -> range:
    decorators: list[ast.expr] = getattr(node, "decorator_list", [])
    first = min(node.lineno, *(each.lineno for each in decorators), node.lineno)
    body: list[ast.stmt] = getattr(node, "body", [])
    if body and isinstance(body[0], ast.stmt):
        return range(first, max(first + 1, body[0].lineno))
    return range(first, (node.end_lineno or node.lineno) + 1)
