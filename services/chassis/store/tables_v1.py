"""The chassis's tables as the first revision of every service creates them.

Frozen with the first release: what changes in `tables` afterwards is a revision of its own in each
service, drafted by `make migration SERVICE=… SLICE=chassis`.
"""

import sqlalchemy as sa
from alembic import op

from services.chassis.store.columns import Name, UtcTime

__all__ = ["create_chassis_tables_v1"]

_Sequence = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def create_chassis_tables_v1() -> None:
    """Creates them; called inside of a revision's `upgrade`."""
    _event_log()
    op.create_table(
        "feed_epoch",
        sa.Column("id", sa.Integer, autoincrement=False, nullable=False),
        sa.Column("epoch", Name, nullable=False),
        sa.Column("head_position", sa.BigInteger, nullable=False),
        sa.Column("head_time_ms", sa.BigInteger, nullable=False),
        sa.Column("create_time", UtcTime, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_feed_epoch"),
    )
    op.create_table(
        "feed_cursors",
        sa.Column("consumer", Name, nullable=False),
        sa.Column("feed", Name, nullable=False),
        sa.Column("partition", sa.Integer, nullable=False),
        sa.Column("partition_count", sa.Integer, nullable=False),
        sa.Column("position", sa.BigInteger, nullable=False),
        sa.Column("epoch", Name, nullable=False),
        sa.Column("update_time", UtcTime, nullable=False),
        sa.PrimaryKeyConstraint("consumer", "feed", "partition", name="pk_feed_cursors"),
    )
    op.create_table(
        "parked_events",
        sa.Column("id", Name, nullable=False),
        sa.Column("consumer", Name, nullable=False),
        sa.Column("feed", Name, nullable=False),
        sa.Column("epoch", Name, nullable=False),
        sa.Column("position", sa.BigInteger, nullable=False),
        sa.Column("event", sa.LargeBinary, nullable=False),
        sa.Column("error", sa.Text, nullable=False),
        sa.Column("park_time", UtcTime, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_parked_events"),
    )
    op.create_table(
        "idempotency_keys",
        sa.Column("subject", Name, nullable=False),
        sa.Column("request_type", Name, nullable=False),
        sa.Column("request_id", Name, nullable=False),
        sa.Column("digest", sa.LargeBinary, nullable=False),
        sa.Column("reply", sa.LargeBinary),
        sa.Column("expire_time", UtcTime, nullable=False),
        sa.PrimaryKeyConstraint(
            "subject", "request_type", "request_id", name="pk_idempotency_keys"
        ),
    )
    op.create_index("ix_idempotency_keys_expire_time", "idempotency_keys", ["expire_time"])


def _event_log() -> None:
    op.create_table(
        "event_log",
        sa.Column("sequence", _Sequence, autoincrement=True, nullable=False),
        sa.Column("id", Name, nullable=False),
        sa.Column("aggregatetype", Name, nullable=False),
        sa.Column("aggregateid", Name, nullable=False),
        sa.Column("type", Name, nullable=False),
        sa.Column("payload", sa.LargeBinary, nullable=False),
        sa.Column("partition_key", Name, nullable=False),
        sa.Column("position", sa.BigInteger),
        sa.Column("slot", sa.Integer, nullable=False),
        sa.Column("time_ms", sa.BigInteger, nullable=False),
        sa.Column("request_id", sa.Text, nullable=False),
        sa.Column("actor", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("sequence", name="pk_event_log"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_event_log_partition_key", "event_log", ["partition_key"])
    op.create_index("ix_event_log_position", "event_log", ["position"], unique=True)
    op.create_index(
        "ix_event_log_unsequenced",
        "event_log",
        ["sequence"],
        sqlite_where=sa.text("position IS NULL"),
        postgresql_where=sa.text("position IS NULL"),
    )
