"""The data scope: which rows of an owned table a caller's statement may touch.

A table says how its rows are seen (`sight`); every transaction passes its statements through
`scoped`, so the code of a slice cannot forget the predicate. Only here it is put in.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any

from sqlalchemy import (
    Alias,
    ColumnElement,
    Delete,
    Executable,
    FromClause,
    Insert,
    Join,
    Select,
    SelectBase,
    Table,
    TextClause,
    Update,
    and_,
    true,
)
from sqlalchemy.sql import visitors
from sqlalchemy.sql.functions import FunctionElement

from services.chassis.caller import Caller, Scope
from services.chassis.store.connections import Parameters
from services.chassis.store.sight import SUBJECT, TEAMS, Asking, is_shared, predicate

__all__ = ["Statement", "refuse_overwriting", "scoped"]

_STATEMENTS_KEPT = 1_000
_CALLERS_KEPT = 300

Statement = SelectBase | Insert | Update | Delete
_COMPOSED = (FromClause, SelectBase, Insert, Update, Delete)


def scoped(
    statement: Executable,
    caller: Caller,
    parameters: Parameters | None = None,
    *,
    works: bool = False,
) -> tuple[Executable, Parameters | None]:
    """The statement, limited to the rows the caller may touch, and what it is run with.

    What is read are rows the caller sees, what is changed, rows they may work on; with `works`, so
    is what is read. A statement that comes with parameters (built once, run often) is limited once,
    for all callers, and the caller is among its parameters. Any other is limited for this caller.
    Raises TypeError for what has no safe predicate: textual SQL, FULL JOIN, upserts of owned
    tables.
    """
    if caller.scope is Scope.ALL and isinstance(statement, Statement):
        return statement, parameters
    teams = caller.teams_seen
    if parameters is None:
        return _limited(statement, _asking(caller.subject, teams), works), None
    limited = _limited_once(statement, bool(teams), works)
    if limited is statement:
        return statement, parameters
    added: Parameters = {TEAMS: teams} if teams else {}
    return limited, {**parameters, SUBJECT: caller.subject, **added}


def refuse_overwriting(table: Table, caller: Caller) -> None:
    """Raises TypeError where overwriting rows by key could change another owner's."""
    if caller.scope is not Scope.ALL:
        _refuse_owned(table)


# Whoever lists something lists more of it, and predicates take ten times longer to build than to
# find again.
_asking = lru_cache(maxsize=_CALLERS_KEPT)(Asking.of)


@lru_cache(maxsize=_CALLERS_KEPT)
def _plain_predicates(
    tables: tuple[Table, ...], asking: Asking, works: bool
) -> tuple[ColumnElement[bool], ...]:
    return tuple(_predicates(tables, asking, works=works))


@lru_cache(maxsize=_STATEMENTS_KEPT)
def _limited_once(statement: Executable, has_teams: bool, works: bool) -> Executable:
    return _limited(statement, Asking.anybody(teams=has_teams), works)


def _limited(statement: Executable, asking: Asking, works: bool) -> Executable:
    """The statement with the predicate for the caller."""
    if not isinstance(statement, Statement):
        raise TypeError("only select, insert, update and delete are scoped; else use unscoped()")
    if isinstance(statement, Insert):
        _refuse_upsert(statement)
    elements = _elements(statement)
    if not elements.owned or _inserts_values(statement):
        return statement
    if elements.plain is not None:
        # Most lists; the general way below takes 0.7 ms more, half of it to find the sources.
        return elements.plain.where(*_plain_predicates(tuple(elements.tables), asking, works))
    # The traversal clones every nested select, update and delete before it shows it to us, so
    # changing the clone leaves the slice's statement alone.
    return visitors.cloned_traverse(
        statement,
        {},
        {
            "select": partial(_limit_select, asking=asking, works=works),
            "update": partial(_limit_change, asking=asking),
            "delete": partial(_limit_change, asking=asking),
        },
    )


@dataclass(frozen=True, slots=True)
class _Elements:
    """What a statement is made of: its tables, whether any is owned, and itself, if it is a plain
    select of tables: without joins, aliases or statements in it."""

    tables: Sequence[Table]
    owned: bool
    plain: Select[*tuple[Any, ...]] | None


def _elements(statement: Statement) -> _Elements:
    tables: list[Table] = []
    plain = statement if isinstance(statement, Select) and not statement._setup_joins else None
    for element in visitors.iterate(statement):
        if isinstance(element, TextClause):
            raise TypeError("textual SQL has no data scope: use unscoped()")
        if isinstance(element, Table):
            if element not in tables:
                tables.append(element)
        elif element is not statement and _is_composed(element):
            plain = None
    return _Elements(tables, not all(map(is_shared, tables)), plain)


def _is_composed(element: object) -> bool:
    # A function is a source too, to SQLAlchemy; in a condition it is none.
    return isinstance(element, _COMPOSED) and not isinstance(element, FunctionElement)


def _limit_select(select: Select[*tuple[object, ...]], asking: Asking, works: bool) -> None:
    roots = select.get_final_froms()
    inner = (source for root in roots for source in _inner_sources(root))
    predicates = tuple(_predicates(inner, asking, works=works))
    limited = [_limit_outer_joins(root, asking) for root in roots]
    if any(after is not before for after, before in zip(limited, roots, strict=True)):
        select._from_obj = tuple(limited)
        select._setup_joins = ()  # they are in the sources now
    select._where_criteria += predicates


def _limit_change(change: Update | Delete, asking: Asking) -> None:
    others: list[FromClause] = []
    for criterion in change._where_criteria:
        others += [
            source
            for source in criterion._from_objects
            if source is not change.table and source not in others
        ]
    changed = _predicates([change.table], asking, works=True)
    change._where_criteria += (*changed, *_predicates(others, asking))


def _limit_outer_joins(source: FromClause, asking: Asking) -> FromClause:
    """In an outer join the predicate belongs to the condition, or rows of the left would vanish."""
    if not isinstance(source, Join):
        return source
    if source.full and any(True for _ in _predicates(_sources(source), asking)):
        raise TypeError("a FULL JOIN of owned tables has no data scope: use unscoped()")
    left, right = (_limit_outer_joins(side, asking) for side in (source.left, source.right))
    optional = tuple(_predicates(_inner_sources(right), asking)) if source.isouter else ()
    if not optional and left is source.left and right is source.right:
        return source
    condition = source.onclause if source.onclause is not None else true()
    return Join(left, right, and_(condition, *optional), source.isouter, source.full)


def _inserts_values(statement: Statement) -> bool:
    """Whether it reads no rows: whose the new row may be is not a question of scope."""
    return isinstance(statement, Insert) and statement.select is None


def _refuse_upsert(insert: Insert) -> None:
    if insert._post_values_clause is not None and isinstance(insert.table, Table):
        _refuse_owned(insert.table)


def _refuse_owned(table: Table) -> None:
    if not is_shared(table):
        raise TypeError("an upsert could change another owner's row: use unscoped()")


def _sources(source: FromClause) -> Iterator[FromClause]:
    if isinstance(source, Join):
        yield from _sources(source.left)
        yield from _sources(source.right)
    else:
        yield source


def _inner_sources(source: FromClause) -> Iterator[FromClause]:
    """The tables under joins, but for the optional side of outer joins."""
    if isinstance(source, Join):
        yield from _inner_sources(source.left)
        if not source.isouter:
            yield from _inner_sources(source.right)
    else:
        yield source


def _predicates(
    sources: Iterable[FromClause], asking: Asking, *, works: bool = False
) -> Iterator[ColumnElement[bool]]:
    for source in sources:
        # A subquery: its own select is limited where it is made.
        table = source.element if isinstance(source, Alias) else source
        found = predicate(source, asking, works=works) if isinstance(table, Table) else None
        if found is not None:
            yield found
