"""The few pieces of SQL that SQLite and PostgreSQL write differently: prefixes and JSON columns.

Every value is a bound parameter, on both.
"""

import json
from typing import Any

from sqlalchemy import Boolean, ColumnElement, String, literal
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

__all__ = [
    "HasElement",
    "HasElementPrefix",
    "IsNotEmpty",
    "MapValue",
    "StartsWith",
    "like_pattern",
]

_LAST_CHARACTER = 0x10FFFF
_SURROGATES = range(0xD800, 0xE000)


def like_pattern(text: str, *, before: str = "", after: str = "") -> str:
    """A LIKE pattern (with ESCAPE '!') for the text itself between two wildcards."""
    escaped = text.replace("!", "!!").replace("%", "!%").replace("_", "!_")
    return f"{before}{escaped}{after}"


class StartsWith(FunctionElement[bool]):
    """The text starts with a prefix, exactly; an index on the column can serve it."""

    inherit_cache = True
    type = Boolean()

    def __init__(self, column: ColumnElement[Any], prefix: str) -> None:
        bounds = [literal(prefix, String()), literal(_successor(prefix), String())]
        super().__init__(column, literal(like_pattern(prefix, after="%"), String()), *bounds)


class HasElement(FunctionElement[bool]):
    """A JSON array of texts has the element."""

    inherit_cache = True
    type = Boolean()

    def __init__(self, column: ColumnElement[Any], element: str) -> None:
        array = json.dumps([element], ensure_ascii=False)
        super().__init__(column, literal(element, String()), literal(array, String()))


class HasElementPrefix(FunctionElement[bool]):
    """A JSON array of texts has an element that starts with the prefix, exactly."""

    inherit_cache = True
    type = Boolean()

    def __init__(self, column: ColumnElement[Any], prefix: str) -> None:
        super().__init__(column, literal(prefix, String()))


class IsNotEmpty(FunctionElement[bool]):
    """A JSON array or object has at least one member."""

    inherit_cache = True
    type = Boolean()

    def __init__(self, column: ColumnElement[Any]) -> None:
        super().__init__(column)


class MapValue(FunctionElement[str]):
    """The text a JSON object holds under a key; NULL without the key."""

    inherit_cache = True
    type = String()

    def __init__(self, column: ColumnElement[Any], key: str) -> None:
        super().__init__(column, literal(key, String()))


def _successor(prefix: str) -> str:
    """The least text greater than all that start with the prefix, by code point.

    A prefix of nothing but the last character has none; no stored text exceeds the answer then.
    """
    for end in range(len(prefix), 0, -1):
        following = ord(prefix[end - 1]) + 1
        if following in _SURROGATES:
            following = _SURROGATES.stop
        if following <= _LAST_CHARACTER:
            return prefix[: end - 1] + chr(following)
    return chr(_LAST_CHARACTER) * (len(prefix) + 1)


# Below, only compiled clauses are put together, and what a caller wrote is a bound parameter in
# them; that is what the check S608 can't see.
def _parts(element: FunctionElement[Any], compiler: SQLCompiler, options: Any) -> list[str]:
    return [compiler.process(clause, **options) for clause in element.clauses]


@compiles(StartsWith, "sqlite")
def _starts_with_sqlite(element: StartsWith, compiler: SQLCompiler, **options: Any) -> str:
    # LIKE ignores case on SQLite and so uses no index; a range of its BINARY order does.
    clauses = list(element.clauses)
    column, first, last = (compiler.process(clauses[at], **options) for at in (0, 2, 3))
    return f"({column} >= {first} AND {column} < {last})"


@compiles(StartsWith, "postgresql")
def _starts_with_postgresql(element: StartsWith, compiler: SQLCompiler, **options: Any) -> str:
    clauses = list(element.clauses)
    column, pattern = (compiler.process(clauses[at], **options) for at in (0, 1))
    return f"({column} LIKE {pattern} ESCAPE '!')"


@compiles(HasElement, "sqlite")
def _has_element_sqlite(element: HasElement, compiler: SQLCompiler, **options: Any) -> str:
    clauses = list(element.clauses)
    column, value = (compiler.process(clauses[at], **options) for at in (0, 1))
    return f"EXISTS (SELECT 1 FROM json_each({column}) AS e WHERE e.value = {value})"  # noqa: S608 - see _parts


@compiles(HasElement, "postgresql")
def _has_element_postgresql(element: HasElement, compiler: SQLCompiler, **options: Any) -> str:
    clauses = list(element.clauses)
    column, array = (compiler.process(clauses[at], **options) for at in (0, 2))
    return f"(CAST({column} AS JSONB) @> CAST({array} AS JSONB))"


@compiles(HasElementPrefix, "sqlite")
def _has_prefix_sqlite(element: HasElementPrefix, compiler: SQLCompiler, **options: Any) -> str:
    column, prefix = _parts(element, compiler, options)
    starts = f"substr(e.value, 1, length({prefix})) = {prefix}"
    return f"EXISTS (SELECT 1 FROM json_each({column}) AS e WHERE {starts})"  # noqa: S608 - see _parts


@compiles(HasElementPrefix, "postgresql")
def _has_prefix_postgresql(element: HasElementPrefix, compiler: SQLCompiler, **options: Any) -> str:
    column, prefix = _parts(element, compiler, options)
    return (
        f"jsonb_path_exists(CAST({column} AS JSONB), '$[*] ? (@ starts with $prefix)', "
        f"jsonb_build_object('prefix', {prefix}))"
    )


@compiles(IsNotEmpty, "sqlite")
def _is_not_empty_sqlite(element: IsNotEmpty, compiler: SQLCompiler, **options: Any) -> str:
    (column,) = _parts(element, compiler, options)
    # A JSON null, which an ORM may store for None, is one row without a value.
    return f"EXISTS (SELECT 1 FROM json_each({column}) AS e WHERE e.value IS NOT NULL)"  # noqa: S608 - see _parts


@compiles(IsNotEmpty, "postgresql")
def _is_not_empty_postgresql(element: IsNotEmpty, compiler: SQLCompiler, **options: Any) -> str:
    (column,) = _parts(element, compiler, options)
    return f"(CAST(CAST({column} AS JSONB) AS TEXT) NOT IN ('[]', '{{}}', 'null'))"


@compiles(MapValue, "sqlite")
def _map_value_sqlite(element: MapValue, compiler: SQLCompiler, **options: Any) -> str:
    column, key = _parts(element, compiler, options)
    return f"(SELECT e.value FROM json_each({column}) AS e WHERE e.key = {key} LIMIT 1)"  # noqa: S608 - see _parts


@compiles(MapValue, "postgresql")
def _map_value_postgresql(element: MapValue, compiler: SQLCompiler, **options: Any) -> str:
    column, key = _parts(element, compiler, options)
    return f"(CAST({column} AS JSONB) ->> {key})"
