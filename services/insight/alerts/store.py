"""The alerts table and every statement on it; no rule, no message.

An alert is seen as its customer is, for as long as it is kept. The customer's owner and team are
copied into it, in the transaction that keeps them of the customer (`follow_customers`), so that a
page of anybody's alerts comes from an index in its order, however many others have.
"""

from collections.abc import Mapping, Sequence
from dataclasses import fields
from datetime import datetime
from functools import cache
from typing import Any, Final

from sqlalchemy import (
    Column,
    Index,
    Integer,
    Select,
    SmallInteger,
    Table,
    Text,
    bindparam,
    func,
    insert,
    or_,
    select,
    update,
)

from services.chassis.errors import not_found
from services.chassis.lists.filters import TIME, Field, enum
from services.chassis.lists.listing import Listing, Page
from services.chassis.lists.paging import Query
from services.chassis.names import Template
from services.chassis.store import (
    AnyRow,
    Choice,
    Json,
    Name,
    Owned,
    ReadTransaction,
    UtcTime,
    WriteTransaction,
)
from services.insight.alerts.model import LIVE, Alert, AlertState, Evidence, Outcome
from services.insight.metadata import metadata
from services.insight.rules.model import Severity
from services.insight.sources.customers import CUSTOMERS
from services.insight.sources.store import RECORDS, Few, Selection

__all__ = [
    "alerts",
    "closed_since",
    "follow_customers",
    "get",
    "in_sight",
    "insert_many",
    "live_counts",
    "live_of",
    "page",
    "save_many",
    "snoozed_until",
]

alerts = Table(
    "alerts",
    metadata,
    Column("name", Name(Template("alerts/{alert}")), primary_key=True),
    Column("rule", Name(Template("rules/{rule}")), nullable=False),
    Column("customer", Name(Template("customers/{customer}")), nullable=False),
    Column("customer_display_name", Text, nullable=False),
    Column("owner", Name(Template("users/{user}")), nullable=False),
    Column("team", Name(Template("teams/{team}")), nullable=False),
    Column("assignee", Name(Template("users/{user}")), nullable=False),
    Column("given_to", Name(Template("users/{user}")), nullable=False),
    Column("severity", SmallInteger, nullable=False),
    Column("text_en", Text, nullable=False),
    Column("text_zh", Text, nullable=False),
    Column("evidence", Json, nullable=False),
    Column("state", Choice(AlertState), nullable=False),
    Column("outcome", Choice(Outcome)),
    Column("note", Text, nullable=False),
    Column("snooze_end_time", UtcTime),
    Column("create_time", UtcTime, nullable=False),
    Column("update_time", UtcTime, nullable=False),
    Column("resolve_time", UtcTime),
    Column("version", Integer, nullable=False),
    # The list's default order: for everybody, an owner, a team, who is given alerts; an assignee.
    Index("ix_alerts_severity", "severity", "create_time", "name"),
    Index("ix_alerts_owner", "owner", "severity", "create_time", "name"),
    Index("ix_alerts_team", "team", "severity", "create_time", "name"),
    Index("ix_alerts_given_to", "given_to", "severity", "create_time", "name"),
    Index("ix_alerts_assignee", "assignee", "severity", "create_time", "name"),
    Index("ix_alerts_customer", "customer", "rule"),
    info={"scope": Owned("owner", "team", "given_to")},
)
_IS_LIVE: Final = alerts.c.state.in_(LIVE)
Index(
    "uq_alerts_live",
    alerts.c.rule,
    alerts.c.customer,
    unique=True,
    sqlite_where=_IS_LIVE,
    postgresql_where=_IS_LIVE,
)
Index(
    "ix_alerts_snoozed",
    alerts.c.snooze_end_time,
    sqlite_where=alerts.c.snooze_end_time.is_not(None),
    postgresql_where=alerts.c.snooze_end_time.is_not(None),
)

QUERY: Final = Query(
    {
        "name": Field.of(alerts.c.name),
        "rule": Field.of(alerts.c.rule),
        "customer": Field.of(alerts.c.customer),
        "assignee": Field.of(alerts.c.assignee),
        "severity": Field(alerts.c.severity, enum({each.name: each.value for each in Severity})),
        "state": Field(alerts.c.state, enum(each.name for each in AlertState)),
        "outcome": Field(alerts.c.outcome, enum(each.name for each in Outcome)),
        "create_time": Field(alerts.c.create_time, TIME),
        "update_time": Field(alerts.c.update_time, TIME),
        "resolve_time": Field(alerts.c.resolve_time, TIME),
    },
    order={
        "severity": alerts.c.severity,
        "create_time": alerts.c.create_time,
        "update_time": alerts.c.update_time,
    },
    default_order="severity desc, create_time desc",
    tie_breaker=alerts.c.name,
)

_ALL: Final = select(alerts)
_GET: Final = _ALL.where(alerts.c.name == bindparam("key"))
_SNOOZED: Final = _ALL.where(
    alerts.c.snooze_end_time <= bindparam("until"), alerts.c.state == AlertState.SNOOZED
)
_CLOSED: Final = _ALL.where(
    alerts.c.customer.in_(bindparam("selected", expanding=True)),
    alerts.c.outcome.is_not(None),
    alerts.c.resolve_time > bindparam("since"),
)
_IN_SIGHT: Final = select(alerts.c.name).where(alerts.c.name.in_(bindparam("keys", expanding=True)))
_LIVE_COUNTS: Final = (
    select(alerts.c.rule, func.count().label("live")).where(_IS_LIVE).group_by(alerts.c.rule)
)
_INSERT: Final = insert(alerts)
_MOVE: Final = (
    update(alerts)
    .where(alerts.c.name == bindparam("key"))
    .values(owner=bindparam("new_owner"), team=bindparam("new_team"))
)
_SAVE: Final = (
    update(alerts)
    .where(alerts.c.name == bindparam("key"))
    .values({column.name: bindparam(f"new_{column.name}") for column in alerts.columns})
)


async def get(tx: ReadTransaction, name: str) -> Alert:
    """Raises NOT_FOUND, also for what the caller may not see."""
    row = await tx.first(_GET, {"key": name})
    if row is None:
        raise not_found(name)
    return _alert(row)


async def page(tx: ReadTransaction, listing: Listing) -> Page[Alert]:
    """A page of alerts. Raises INVALID_ARGUMENT."""
    found = QUERY.page(_ALL, listing)
    rows, next_page_token = found.cut(await tx.all(found.statement))
    return Page([_alert(row) for row in rows], next_page_token)


async def live_of(tx: ReadTransaction, who: Selection) -> list[Alert]:
    """The live alerts of the selected customers."""
    rows = await tx.unscoped().all(_live(type(who)), who.parameters())
    return [_alert(row) for row in rows]


async def live_counts(tx: ReadTransaction) -> dict[str, int]:
    """Number of live alerts in sight by rule."""
    return {row.rule: row.live for row in await tx.all(_LIVE_COUNTS, {})}


async def snoozed_until(tx: ReadTransaction, moment: datetime) -> list[Alert]:
    """The alerts whose snooze has ended by then."""
    return [_alert(row) for row in await tx.unscoped().all(_SNOOZED, {"until": moment})]


async def closed_since(
    tx: ReadTransaction, customers: Sequence[str], since: datetime
) -> list[Alert]:
    """The alerts of some customers that somebody has closed after an instant."""
    parameters = {**Few(customers).parameters(), "since": since}
    return [_alert(row) for row in await tx.unscoped().all(_CLOSED, parameters)]


async def in_sight(tx: ReadTransaction, names: Sequence[str]) -> set[str]:
    """Those of the names that the caller may see."""
    if not names:
        return set()
    return {row.name for row in await tx.all(_IN_SIGHT, {"keys": list(names)})}


async def insert_many(tx: WriteTransaction, new: Sequence[Alert]) -> None:
    await tx.run_many(_INSERT, [_row(alert) for alert in new])


async def follow_customers(tx: WriteTransaction, generation: int, who: Selection) -> None:
    """Gives all alerts of the selected customers, the ended too, to whose the customers are now."""
    everything = tx.unscoped()
    parameters = {"generation": generation, **who.parameters()}
    moved = await everything.all(_moved(type(who)), parameters)
    rows = [{"key": row.name, "new_owner": row.owner, "new_team": row.team} for row in moved]
    await everything.run_many(_MOVE, rows)


async def save_many(tx: WriteTransaction, changed: Sequence[Alert]) -> None:
    """Writes changed alerts over what is stored."""
    await tx.run_many(_SAVE, [_saved(alert) for alert in changed])


@cache
def _live(kind: type[Selection]) -> Select[*tuple[Any, ...]]:
    return _ALL.where(_IS_LIVE, kind.holds(alerts.c.customer))


@cache
def _moved(kind: type[Selection]) -> Select[*tuple[Any, ...]]:
    customers = RECORDS.table(CUSTOMERS)
    return (
        select(alerts.c.name, customers.c.owner, customers.c.team)
        .join(customers, customers.c.customer == alerts.c.customer)
        .where(
            customers.c.generation == bindparam("generation"),
            kind.holds(alerts.c.customer),
            or_(alerts.c.owner != customers.c.owner, alerts.c.team != customers.c.team),
        )
    )


_COLUMNS: Final = tuple(field.name for field in fields(Alert))


def _alert(row: AnyRow) -> Alert:
    values: dict[str, Any] = {name: getattr(row, name) for name in _COLUMNS}
    values["severity"] = Severity(row.severity)
    values["evidence"] = tuple(Evidence(fact, value) for fact, value in row.evidence)
    return Alert(**values)


def _row(alert: Alert) -> dict[str, Any]:
    row: dict[str, Any] = {name: getattr(alert, name) for name in _COLUMNS}
    row["severity"] = int(alert.severity)
    row["evidence"] = [[each.fact, each.value] for each in alert.evidence]
    return row


def _saved(alert: Alert) -> Mapping[str, Any]:
    return {"key": alert.name, **{f"new_{name}": value for name, value in _row(alert).items()}}
