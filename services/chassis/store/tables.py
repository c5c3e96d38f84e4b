"""The tables every service has besides its own: event log, idempotency, cursors, parked events.

`chassis_tables(metadata)` declares them; migrations create them, first of all through
`tables_v1`. Business tables live with their slice.
"""

from dataclasses import dataclass

from sqlalchemy import (
    BigInteger,
    Column,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
)

from services.chassis.store.columns import Name, UtcTime
from services.chassis.store.sights import Shared

__all__ = ["ChassisTables", "chassis_tables", "new_metadata"]

# SQLite makes only INTEGER (not BIGINT) keys auto-incrementing; there it holds 64 bits anyway.
_Sequence = BigInteger().with_variant(Integer(), "sqlite")


@dataclass(frozen=True, slots=True)
class ChassisTables:
    """The chassis's tables in one service's metadata."""

    event_log: Table
    feed_epoch: Table
    feed_cursors: Table
    parked_events: Table
    idempotency_keys: Table

    def all(self) -> tuple[Table, ...]:
        return (
            self.event_log,
            self.feed_epoch,
            self.feed_cursors,
            self.parked_events,
            self.idempotency_keys,
        )


def new_metadata() -> MetaData:
    """A service's metadata, with constraint names that are the same on every engine."""
    return MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


def chassis_tables(metadata: MetaData) -> ChassisTables:
    """The chassis's tables in this metadata, declared on the first call."""
    known = metadata.tables
    if "event_log" in known:
        names = ("event_log", "feed_epoch", "feed_cursors", "parked_events", "idempotency_keys")
        return ChassisTables(*(known[name] for name in names))
    tables = ChassisTables(
        _event_log(metadata),
        _feed_epoch(metadata),
        _feed_cursors(metadata),
        _parked_events(metadata),
        _idempotency_keys(metadata),
    )
    for table in tables.all():
        table.info["sight"] = Shared()
    return tables


def _event_log(metadata: MetaData) -> Table:
    """One row per event; the columns up to `payload` are those of Debezium's outbox router."""
    table = Table(
        "event_log",
        metadata,
        # Order of writing. Events are inserted as the last statement of their transaction, when the
        # aggregate's row is already locked, so within one aggregate this is the order of commit.
        Column("sequence", _Sequence, primary_key=True, autoincrement=True),
        Column("id", Name, nullable=False),
        Column("aggregatetype", Name, nullable=False),
        Column("aggregateid", Name, nullable=False),
        Column("type", Name, nullable=False),
        Column("payload", LargeBinary, nullable=False),
        # Whose records it is about: what is erased together, and comes to each reader in order.
        Column("partition_key", Name, nullable=False),
        # Place in the log; NULL until the sequencer has seen the row committed.
        Column("position", BigInteger),
        # crc32 of the partition key, modulo 1,024: a reader's partition is slot % partition_count.
        Column("slot", Integer, nullable=False),
        Column("time_ms", BigInteger, nullable=False),
        Column("request_id", Text, nullable=False),
        # Who made the change, as JSON; the message is guanxi.events.v1.Actor.
        Column("actor", Text, nullable=False),
        sqlite_autoincrement=True,
    )
    Index("ix_event_log_partition_key", table.c.partition_key)
    Index("ix_event_log_position", table.c.position, unique=True)
    unsequenced = table.c.position.is_(None)
    Index(
        "ix_event_log_unsequenced",
        table.c.sequence,
        sqlite_where=unsequenced,
        postgresql_where=unsequenced,
    )
    return table


def _feed_epoch(metadata: MetaData) -> Table:
    """The log's identity and its end, one row; a new one after a restore tells every reader to
    start over. The end is kept, since the newest events may be taken out of the log."""
    return Table(
        "feed_epoch",
        metadata,
        Column("id", Integer, primary_key=True, autoincrement=False),
        Column("epoch", Name, nullable=False),
        Column("head_position", BigInteger, nullable=False),
        Column("head_time_ms", BigInteger, nullable=False),
        Column("create_time", UtcTime, nullable=False),
    )


def _feed_cursors(metadata: MetaData) -> Table:
    """How far a reader has applied a partition of another service's log.

    `consumer` names a generation: a rebuild reads beside the live one under another name.
    """
    return Table(
        "feed_cursors",
        metadata,
        Column("consumer", Name, nullable=False),
        Column("feed", Name, nullable=False),
        Column("partition", Integer, nullable=False),
        Column("partition_count", Integer, nullable=False),
        Column("position", BigInteger, nullable=False),
        Column("epoch", Name, nullable=False),
        Column("update_time", UtcTime, nullable=False),
        PrimaryKeyConstraint("consumer", "feed", "partition"),
    )


def _parked_events(metadata: MetaData) -> Table:
    """Events a reaction could not apply, kept until they are replayed or their log is replaced."""
    return Table(
        "parked_events",
        metadata,
        Column("id", Name, primary_key=True),
        Column("consumer", Name, nullable=False),
        Column("feed", Name, nullable=False),
        Column("epoch", Name, nullable=False),
        Column("position", BigInteger, nullable=False),
        Column("event", LargeBinary, nullable=False),
        Column("error", Text, nullable=False),
        Column("park_time", UtcTime, nullable=False),
    )


def _idempotency_keys(metadata: MetaData) -> Table:
    """What a request id was answered with; `reply` is NULL only inside the first transaction."""
    return Table(
        "idempotency_keys",
        metadata,
        Column("subject", Name, nullable=False),
        Column("request_type", Name, nullable=False),
        Column("request_id", Name, nullable=False),
        Column("digest", LargeBinary, nullable=False),
        Column("reply", LargeBinary),
        Column("expire_time", UtcTime, nullable=False),
        PrimaryKeyConstraint("subject", "request_type", "request_id"),
        Index("ix_idempotency_keys_expire_time", "expire_time"),
    )
