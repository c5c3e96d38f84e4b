"""The alerts table and every statement on it; no rule, no message.

An alert is seen as its customer is, for as long as it is kept. The customer's owner and team are
copied into it, in the transaction that keeps them of the customer (`hand_over`), so that a
page of anybody's alerts comes from an index in its order, however many others have.
"""

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import Any, Final

from sqlalchemy import (
    Column,
    Index,
    Integer,
    Select,
    Table,
    Text,
    bindparam,
    func,
    or_,
    select,
    update,
)

from services.chassis.caller import Caller
from services.chassis.lists.listing import Listing, Page
from services.chassis.lists.paging import Query
from services.chassis.names import Template
from services.chassis.records import Records
from services.chassis.store import (
    Choice,
    Name,
    Owned,
    Rank,
    ReadTransaction,
    Several,
    UtcTime,
    WriteTransaction,
)
from services.chassis.store.sight import sees
from services.insight.alerts.model import LIVE, Alert, AlertState, Evidence, Outcome, SeenBy
from services.insight.metadata import metadata
from services.insight.rules.model import Severity
from services.insight.sources.customers import CUSTOMERS
from services.insight.sources.store import RECORDS, Few, Selection

__all__ = [
    "alerts",
    "closed_since",
    "hand_over",
    "in_sight",
    "live_counts",
    "live_of",
    "page_of",
    "saw",
    "snoozed_until",
    "to_hand_over",
]

table = Table(
    "alerts",
    metadata,
    Column("name", Name(Template("alerts/{alert}")), primary_key=True),
    Column("rule", Name(Template("rules/{rule}")), nullable=False),
    # Empty until this version has followed the rule for it: by none that is known.
    Column("rule_edition", Text, server_default="", nullable=False),
    Column("customer", Name(Template("customers/{customer}")), nullable=False),
    Column("customer_display_name", Text, nullable=False),
    Column("owner", Name(Template("users/{user}")), nullable=False),
    Column("team", Name(Template("teams/{team}")), nullable=False),
    Column("assignee", Name(Template("users/{user}")), nullable=False),
    Column("given_to", Name(Template("users/{user}")), nullable=False),
    Column("severity", Rank(Severity), nullable=False),
    Column("text_en", Text, nullable=False),
    Column("text_zh", Text, nullable=False),
    Column("evidence", Several(Evidence), nullable=False),
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
    info={"sight": Owned("owner", "team", "given_to")},
)
_IS_LIVE: Final = table.c.state.in_(LIVE)
Index(
    "uq_alerts_live",
    table.c.rule,
    table.c.customer,
    unique=True,
    sqlite_where=_IS_LIVE,
    postgresql_where=_IS_LIVE,
)
Index(
    "ix_alerts_snoozed",
    table.c.snooze_end_time,
    sqlite_where=table.c.snooze_end_time.is_not(None),
    postgresql_where=table.c.snooze_end_time.is_not(None),
)

alerts: Final = Records(
    table,
    Alert,
    Query.of(
        table,
        filter=(
            "name",
            "rule",
            "customer",
            "assignee",
            "severity",
            "state",
            "outcome",
            "create_time",
            "update_time",
            "resolve_time",
        ),
        order=("severity", "create_time", "update_time"),
        default_order="severity desc, create_time desc",
    ),
)

_SNOOZED: Final = alerts.all.where(
    table.c.snooze_end_time <= bindparam("until"), table.c.state == AlertState.SNOOZED
)
_CLOSED: Final = alerts.all.where(
    table.c.customer.in_(bindparam("selected", expanding=True)),
    table.c.outcome.is_not(None),
    table.c.resolve_time > bindparam("since"),
)
_IN_SIGHT: Final = select(table.c.name).where(table.c.name.in_(bindparam("keys", expanding=True)))
_LIVE_COUNTS: Final = (
    select(table.c.rule, func.count().label("live")).where(_IS_LIVE).group_by(table.c.rule)
)
_MOVE: Final = (
    update(table)
    .where(table.c.name == bindparam("key"))
    .values(owner=bindparam("new_owner"), team=bindparam("new_team"))
)


async def live_of(tx: ReadTransaction, who: Selection) -> list[Alert]:
    """The live alerts of the selected customers."""
    return await alerts.select(tx.unscoped(), _live(type(who)), **who.parameters())


async def live_counts(tx: ReadTransaction) -> dict[str, int]:
    """Number of live alerts in sight by rule."""
    return {row.rule: row.live for row in await tx.all(_LIVE_COUNTS, {})}


async def snoozed_until(tx: ReadTransaction, moment: datetime) -> list[Alert]:
    """The alerts whose snooze has ended by then."""
    return await alerts.select(tx.unscoped(), _SNOOZED, until=moment)


async def closed_since(
    tx: ReadTransaction, customers: Sequence[str], since: datetime
) -> list[Alert]:
    """The alerts of some customers that somebody has closed after an instant."""
    whose = Few(customers).parameters()
    return await alerts.select(tx.unscoped(), _CLOSED, **whose, since=since)


async def page_of(tx: ReadTransaction, listing: Listing, *, assigned_to_me: bool) -> Page[Alert]:
    """A page of alerts in sight. Raises INVALID_ARGUMENT."""
    mine = alerts.all.where(table.c.assignee == tx.caller.subject) if assigned_to_me else None
    return await alerts.page(tx, listing, among=mine)


async def in_sight(tx: ReadTransaction, names: Sequence[str]) -> set[str]:
    """Those of the names that the caller may see."""
    if not names:
        return set()
    return {row.name for row in await tx.all(_IN_SIGHT, {"keys": list(names)})}


def saw(caller: Caller, whom: SeenBy) -> bool:
    """Whether the caller is one of those who saw an alert, by the teams they see now."""
    return sees(caller, table, whom)


async def to_hand_over(tx: ReadTransaction, generation: int, who: Selection) -> list[Alert]:
    """The live alerts of those selected customers who are somebody else's now."""
    moved = _moved_live(type(who))
    return await alerts.select(tx.unscoped(), moved, generation=generation, **who.parameters())


async def hand_over(tx: WriteTransaction, generation: int, who: Selection) -> None:
    """Gives all alerts of the selected customers, the ended too, to whose the customers are now."""
    everything = tx.unscoped()
    parameters = {"generation": generation, **who.parameters()}
    moved = await everything.all(_moved(type(who)), parameters)
    rows = [{"key": row.name, "new_owner": row.owner, "new_team": row.team} for row in moved]
    await everything.run_many(_MOVE, rows)


@cache
def _live(kind: type[Selection]) -> Select[*tuple[Any, ...]]:
    return alerts.all.where(_IS_LIVE, kind.holds(table.c.customer))


@cache
def _moved(kind: type[Selection]) -> Select[*tuple[Any, ...]]:
    customers = RECORDS.table(CUSTOMERS)
    names = select(table.c.name, customers.c.owner, customers.c.team)
    return _of_others(names, customers, kind)


@cache
def _moved_live(kind: type[Selection]) -> Select[*tuple[Any, ...]]:
    return _of_others(alerts.all.where(_IS_LIVE), RECORDS.table(CUSTOMERS), kind)


def _of_others(
    found: Select[*tuple[Any, ...]], customers: Table, kind: type[Selection]
) -> Select[*tuple[Any, ...]]:
    """Of the alerts those whose customers are somebody else's than they say."""
    return found.join(customers, customers.c.customer == table.c.customer).where(
        customers.c.generation == bindparam("generation"),
        kind.holds(table.c.customer),
        or_(table.c.owner != customers.c.owner, table.c.team != customers.c.team),
    )
