"""Many cases of one test on what its fixtures made once, for tests that change nothing.

A service on a database of its own costs 0.1 s of processor time, a question to it 2 ms.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterable
from typing import Any, TypeVar, cast

import pytest

__all__ = ["in_turn"]

_Test = TypeVar("_Test", bound=Callable[..., Any])


def in_turn(names: str | tuple[str, ...], cases: Iterable[Any]) -> Callable[[_Test], _Test]:
    """Like `pytest.mark.parametrize`, but the cases run one after the other in a single test. Each
    that fails is reported by itself, and none keeps the others from running."""
    parameters = (names,) if isinstance(names, str) else names
    rows = [_row(parameters, case, single=isinstance(names, str)) for case in cases]

    def decorate(test: _Test) -> _Test:
        own = inspect.signature(test)
        fixtures = [each for name, each in own.parameters.items() if name not in parameters]
        asked = inspect.Parameter("subtests", inspect.Parameter.KEYWORD_ONLY)

        def run(*, subtests: pytest.Subtests, **made: Any) -> None:
            for row in rows:
                with subtests.test(**row):
                    test(**made, **row)

        async def run_async(*, subtests: pytest.Subtests, **made: Any) -> None:
            for row in rows:
                with subtests.test(**row):
                    await test(**made, **row)

        by_name = [each.replace(kind=inspect.Parameter.KEYWORD_ONLY) for each in fixtures]
        whole: Any = run_async if inspect.iscoroutinefunction(test) else run
        decorated: Any = functools.wraps(test)(whole)
        decorated.__signature__ = own.replace(parameters=[*by_name, asked])  # which pytest reads
        return cast(_Test, decorated)

    return decorate


def _row(names: tuple[str, ...], case: Any, *, single: bool) -> dict[str, Any]:
    values = (case,) if single else tuple(case)
    return dict(zip(names, values, strict=True))
