"""Who sees a row, as its table says it (`sights`): as a predicate of SQL, and of what is in hand.

`scope` puts the predicates into statements. Seeing a row and working on it are two predicates: who
is named to read a row sees it and changes nothing.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, Self

from sqlalchemy import (
    ARRAY,
    Alias,
    BindParameter,
    ColumnElement,
    Exists,
    FromClause,
    MetaData,
    Table,
    any_,
    bindparam,
    exists,
    func,
    literal,
    or_,
    select,
    union_all,
)

from services.chassis.caller import Caller, Scope
from services.chassis.store.by_engine import by_engine
from services.chassis.store.listed import Listed, is_listed, is_looked_up
from services.chassis.store.sights import Named, OfCustomer, Owned, Shared, Sight, Through, sight_of

__all__ = [
    "SUBJECT",
    "TEAMS",
    "WORK",
    "Asking",
    "expect_sight",
    "is_shared",
    "predicate",
    "reading_differs",
    "seeing",
    "sees",
    "ways",
]

# What the access of a named subject must be for them to change the row.
WORK: Final = "WORK"
# The caller's parameters in statements that are built once.
SUBJECT: Final = "caller_subject"
TEAMS: Final = "caller_teams"


@dataclass(frozen=True, slots=True, eq=False)
class Asking:
    """The caller as parameters of a statement; no teams where they see their own rows only.
    Like its parameters, equal to itself alone."""

    subject: BindParameter[str]
    # One parameter, however many there are. With one for each team a rule of a manager of 200 teams
    # took 400, and each number of teams compiled, and kept, statements of its own.
    teams: BindParameter[Sequence[str]] | None

    @classmethod
    def of(cls, subject: str, teams: Sequence[str]) -> Self:
        """A caller who is known already."""
        named = bindparam(TEAMS, teams, Listed) if teams else None
        return cls(bindparam(SUBJECT, subject), named)

    @classmethod
    def in_itself(cls, subject: str, teams: Sequence[str]) -> Self:
        """Somebody in whose sight a statement is, whoever runs it: beside their parameters."""
        return cls(literal(subject), literal(teams, Listed) if teams else None)

    @classmethod
    def anybody(cls, *, teams: bool) -> Self:
        """A caller who is named when the statement is run, with or without teams."""
        return cls(bindparam(SUBJECT), bindparam(TEAMS, type_=Listed) if teams else None)


def is_shared(table: Table) -> bool:
    """Whether every caller sees every row."""
    return isinstance(sight_of(table), Shared)


def expect_sight(metadata: MetaData) -> None:
    """Raises TypeError for a table that doesn't say how its rows are seen, or says it wrongly."""
    for table in metadata.sorted_tables:
        if not isinstance(table.info.get("sight"), Sight):
            raise TypeError(
                f"the table {table.name} says nothing of who sees its rows: "
                'info={"sight": Owned(...), Through(...), OfCustomer(...) or Shared()}'
            )
    for table in metadata.sorted_tables:
        try:
            limited = predicate(table, Asking.anybody(teams=True), works=False)
        except KeyError as error:
            raise TypeError(
                f"the scope of the table {table.name} names {error}, which is not there"
            ) from None
        if limited is None and not is_shared(table):
            raise TypeError(f"the table {table.name} is seen through a shared one: it is shared")


def predicate(source: FromClause, asking: Asking, *, works: bool) -> ColumnElement[bool] | None:
    """Which rows of a table, or of an alias of one, the caller sees; with `works`, which of them
    they may change. None where there is no question."""
    table: Any = source.element if isinstance(source, Alias) else source
    sight = sight_of(table)
    match sight:
        case Shared():
            return None
        case Owned():
            return or_(*_ways(source, table, sight, asking, works))
        case Through():
            return _through(source, table, sight, asking, works)
        case OfCustomer():
            return _of_customer(source, table, sight, asking, works)


def ways(table: Table, asking: Asking) -> list[ColumnElement[bool]]:
    """Each way in which somebody sees rows of an owned table, as a condition of its own.

    In one condition they are joined by OR, of which an engine may make a look at every row; a way
    alone is found by its index. Raises TypeError for a table whose rows have no owner.
    """
    owned = sight_of(table)
    if not isinstance(owned, Owned):
        raise TypeError(f"rows of {table.name} have no owner")
    found = [table.c[column] == asking.subject for column in owned.subjects]
    if asking.teams is not None:
        found += [is_looked_up(table.c[column], asking.teams) for column in owned.teams]
    if owned.shared is not None:
        found.append(table.c[owned.shared].is_(True))
    for named in owned.named:
        names = table.metadata.tables[named.table]
        rows = select(names.c[named.row]).where(names.c[named.subject] == asking.subject)
        found.append(table.c[named.key].in_(rows))
    return found


def sees(caller: Caller, table: Table, row: object) -> bool:
    """Whether a caller sees what isn't in the table yet, by attributes of its columns' names: what
    `predicate` says of it once it is, but for who else is named for it.

    Raises TypeError for a table whose rows don't say themselves whose they are.
    """
    return seeing(caller, table)(row)


def seeing(caller: Caller, table: Table) -> Callable[[object], bool]:
    """As `sees`, for many rows."""
    sight = sight_of(table)
    match sight:
        case Shared():
            return lambda _: True
        case Owned():
            if caller.scope is Scope.ALL:
                return lambda _: True
            subject, teams = caller.subject, frozenset(caller.teams_seen)
            return lambda row: (
                any(getattr(row, column) == subject for column in sight.subjects)
                or any(getattr(row, column) in teams for column in sight.teams)
                or (sight.shared is not None and getattr(row, sight.shared) is True)
            )
        case _:
            raise TypeError(f"rows of {table.name} are seen as others are: look them up")


def reading_differs(table: Table) -> bool:
    """Whether somebody may see a row of the table and not change it."""
    sight = sight_of(table)
    match sight:
        case Owned(named=named, shared=shared):
            return bool(named) or shared is not None
        case Through(parent=parent) | OfCustomer(mirror=parent):
            return reading_differs(table.metadata.tables[parent])
        case Shared():
            return False


def _ways(
    source: FromClause, table: Table, owned: Owned, asking: Asking, works: bool
) -> Iterator[ColumnElement[bool]]:
    for column in owned.subjects:
        yield source.c[column] == asking.subject
    if asking.teams is not None:
        for column in owned.teams:
            yield is_listed(source.c[column], asking.teams)
    if owned.shared is not None and not works:
        yield source.c[owned.shared].is_(True)
    for named in owned.named:
        if not works or named.access is not None:
            yield _is_named(source, table, named, asking, works)


def _is_named(
    source: FromClause, table: Table, named: Named, asking: Asking, works: bool
) -> ColumnElement[bool]:
    # An alias: the statement around may read the same table for reasons of its own.
    names = table.metadata.tables[named.table].alias()
    # Not EXISTS: a person's few rows are gathered once, and lead to theirs by an index; beside
    # another way in, PostgreSQL does so only where they are an array.
    rows = select(names.c[named.row]).where(names.c[named.subject] == asking.subject)
    if works and named.access is not None:
        rows = rows.where(names.c[named.access] == WORK)
    key = source.c[named.key]
    gathered = func.array(rows.scalar_subquery(), type_=ARRAY(key.type))
    return by_engine(key.in_(rows), postgresql=key == any_(gathered))


def _through(
    source: FromClause, table: Table, through: Through, asking: Asking, works: bool
) -> ColumnElement[bool] | None:
    parents = table.metadata.tables[through.parent].alias()
    seen = predicate(parents, asking, works=works)
    if seen is None:
        return None
    return _there(source, parents, through).where(seen).correlate(source)


def _is_missing(source: FromClause, table: Table, through: Through) -> ColumnElement[bool]:
    """Whether the row it belongs to isn't there."""
    parents = table.metadata.tables[through.parent].alias()
    there = select(literal(1)).where(*_same(source, parents, through)).limit(1)
    # Not NOT EXISTS, for which PostgreSQL gathers every parent there is, before it reads one row.
    return there.correlate(source).scalar_subquery().is_(None)


def _there(source: FromClause, parents: FromClause, through: Through) -> Exists:
    return exists().where(*_same(source, parents, through))


def _same(
    source: FromClause, parents: FromClause, through: Through
) -> Iterator[ColumnElement[bool]]:
    yield parents.c[through.parent_key] == source.c[through.key]
    for column in through.same:
        yield parents.c[column] == source.c[column]


def _of_customer(
    source: FromClause, table: Table, sight: OfCustomer, asking: Asking, works: bool
) -> ColumnElement[bool]:
    ways = or_(*_ways_of_customer(source, table, sight, asking, works))
    if asking.teams is not None or sight.same or sight.alone is None:
        return ways
    # A person's rows are few, wherever they lie: each way finds its own by an index. PostgreSQL
    # does so only where the ways are apart; else it reads everybody's until the page is full.
    (key,) = table.primary_key.columns
    rows = table.alias()
    found = (
        select(rows.c[key.name]).where(way)
        for way in _ways_of_customer(rows, table, sight, asking, works)
    )
    return by_engine(ways, postgresql=source.c[key.name].in_(union_all(*found)))


def _ways_of_customer(
    source: FromClause, table: Table, sight: OfCustomer, asking: Asking, works: bool
) -> Iterator[ColumnElement[bool]]:
    customer = source.c[sight.customer]
    as_mirrored = Through(sight.customer, sight.mirror, sight.mirror_key, sight.same)
    parents = table.metadata.tables[sight.mirror].alias()
    seen = predicate(parents, asking, works=works)
    if seen is None:
        raise KeyError(f"{sight.mirror} as a table of owners")
    if asking.teams is not None or sight.same:
        yield _there(source, parents, as_mirrored).where(seen).correlate(source)
    else:
        # A person's own customers are few, and lead to their rows by an index; with EXISTS a list
        # would look at everybody's rows. A team's are many, and any page has some of theirs.
        yield customer.in_(select(parents.c[sight.mirror_key]).where(seen))
    if sight.assignee is not None:
        yield source.c[sight.assignee] == asking.subject
    if sight.alone is not None:
        of_nobody = or_(customer == "", customer.is_(None), _is_missing(source, table, as_mirrored))
        yield or_(*_ways(source, table, sight.alone, asking, works)) & of_nobody
