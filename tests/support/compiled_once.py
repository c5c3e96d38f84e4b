"""SQL compiled once a test run: whatever database a statement goes to, its text is the same.

An engine keeps what it compiled, and each test's service has engines of its own: a quarter of the
processor time of the contract tests went into compiling the same hundred statements anew.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable
from typing import Any

from sqlalchemy import Engine
from sqlalchemy.engine.default import DefaultDialect
from sqlalchemy.util import LRUCache

__all__ = ["compile_once"]

_STATEMENTS_KEPT = 5_000


def compile_once() -> None:
    """For all engines of this process."""
    kept: dict[Hashable, LRUCache[Any, Any]] = defaultdict(lambda: LRUCache(_STATEMENTS_KEPT))

    # What is compiled is found by its dialect: those of one kind are the same. It is a property,
    # since an engine makes a memory of its own when it begins.
    dialect: Any = DefaultDialect
    dialect.__hash__ = lambda self: hash(_kind(self))
    dialect.__eq__ = lambda self, other: _kind(self) == _kind(other)
    engine: Any = Engine
    engine._compiled_cache = property(
        lambda self: kept[_kind(self.dialect)], lambda self, own: None
    )


def _kind(dialect: Any) -> Hashable:
    """What the text of a statement depends on."""
    return type(dialect), getattr(dialect, "paramstyle", None)
