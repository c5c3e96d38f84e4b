"""The chassis's tables, sources, facts and cut points by generation, rules and alerts."""

import sqlalchemy as sa
from alembic import op

from services.chassis.store import Json, Name, Names, UtcTime
from services.chassis.store.tables_v1 import create_chassis_tables_v1

revision = "0001"
down_revision = None
oldest_code = "0001"


def upgrade() -> None:
    create_chassis_tables_v1()
    op.create_table(
        "alerts",
        sa.Column("name", Name, nullable=False),
        sa.Column("rule", Name, nullable=False),
        sa.Column("customer", Name, nullable=False),
        sa.Column("customer_display_name", sa.Text, nullable=False),
        sa.Column("owner", Name, nullable=False),
        sa.Column("team", Name, nullable=False),
        sa.Column("assignee", Name, nullable=False),
        sa.Column("given_to", Name, nullable=False),
        sa.Column("severity", sa.SmallInteger, nullable=False),
        sa.Column("text_en", sa.Text, nullable=False),
        sa.Column("text_zh", sa.Text, nullable=False),
        sa.Column("evidence", Json, nullable=False),
        sa.Column("state", Name, nullable=False),
        sa.Column("outcome", Name, nullable=True),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("snooze_end_time", UtcTime, nullable=True),
        sa.Column("create_time", UtcTime, nullable=False),
        sa.Column("update_time", UtcTime, nullable=False),
        sa.Column("resolve_time", UtcTime, nullable=True),
        sa.Column("version", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_alerts"),
    )
    op.create_index("ix_alerts_assignee", "alerts", ["assignee", "severity", "create_time", "name"])
    op.create_index("ix_alerts_customer", "alerts", ["customer", "rule"])
    op.create_index("ix_alerts_given_to", "alerts", ["given_to", "severity", "create_time", "name"])
    op.create_index("ix_alerts_owner", "alerts", ["owner", "severity", "create_time", "name"])
    op.create_index("ix_alerts_severity", "alerts", ["severity", "create_time", "name"])
    op.create_index(
        "ix_alerts_snoozed",
        "alerts",
        ["snooze_end_time"],
        unique=False,
        sqlite_where=sa.text("snooze_end_time IS NOT NULL"),
        postgresql_where=sa.text("snooze_end_time IS NOT NULL"),
    )
    op.create_index("ix_alerts_team", "alerts", ["team", "severity", "create_time", "name"])
    op.create_index(
        "uq_alerts_live",
        "alerts",
        ["rule", "customer"],
        unique=True,
        sqlite_where=sa.text("state IN ('OPEN', 'ACKNOWLEDGED', 'SNOOZED')"),
        postgresql_where=sa.text("state IN ('OPEN', 'ACKNOWLEDGED', 'SNOOZED')"),
    )
    op.create_table(
        "customers",
        sa.Column("generation", sa.Integer, nullable=False),
        sa.Column("customer", Name, nullable=False),
        sa.Column("recorded", sa.Boolean, nullable=False),
        sa.Column("position", sa.BigInteger, nullable=False),
        sa.Column("kind", Name, nullable=False),
        sa.Column("display_name", sa.Text, nullable=False),
        sa.Column("industry", sa.Text, nullable=False),
        sa.Column("region", sa.Text, nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("owner", Name, nullable=False),
        sa.Column("team", Name, nullable=False),
        sa.Column("lifecycle_stage", Name, nullable=False),
        sa.Column("first_seen_us", sa.BigInteger, nullable=True),
        sa.Column("next_follow_up_us", sa.BigInteger, nullable=True),
        sa.Column("deleted", sa.Boolean, nullable=False),
        sa.PrimaryKeyConstraint("generation", "customer", name="pk_customers"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "facts",
        sa.Column("generation", sa.Integer, nullable=False),
        sa.Column("customer", Name, nullable=False),
        sa.Column("display_name", sa.Text, nullable=False),
        sa.Column("as_of", sa.Date, nullable=False),
        sa.Column("kind", Name, nullable=False),
        sa.Column("industry", sa.Text, nullable=False),
        sa.Column("region", sa.Text, nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("owner", Name, nullable=False),
        sa.Column("team", Name, nullable=False),
        sa.Column("lifecycle_stage", Name, nullable=False),
        sa.Column("tags", Names, nullable=False),
        sa.Column("age_days", sa.Integer, nullable=True),
        sa.Column("orders_total", sa.Integer, nullable=False),
        sa.Column("orders_365d", sa.Integer, nullable=False),
        sa.Column("purchase_days", sa.Integer, nullable=False),
        sa.Column("spend_total_minor", sa.BigInteger, nullable=False),
        sa.Column("spend_365d_minor", sa.BigInteger, nullable=False),
        sa.Column("average_order_value_minor", sa.BigInteger, nullable=True),
        sa.Column("largest_order_minor", sa.BigInteger, nullable=True),
        sa.Column("first_order_time", UtcTime, nullable=True),
        sa.Column("last_order_time", UtcTime, nullable=True),
        sa.Column("days_since_order", sa.Integer, nullable=True),
        sa.Column("median_days_between_orders", sa.Double, nullable=True),
        sa.Column("order_regularity", sa.Double, nullable=True),
        sa.Column("cycles_since_order", sa.Double, nullable=True),
        sa.Column("return_rate", sa.Double, nullable=True),
        sa.Column("spend_same_period_minor", sa.BigInteger, nullable=False),
        sa.Column("largest_order_same_period_minor", sa.BigInteger, nullable=True),
        sa.Column("same_period_ratio", sa.Double, nullable=True),
        sa.Column("last_contact_time", UtcTime, nullable=True),
        sa.Column("days_since_contact", sa.Integer, nullable=True),
        sa.Column("contacts_90d", sa.Integer, nullable=False),
        sa.Column("negotiations_180d", sa.Integer, nullable=False),
        sa.Column("next_follow_up_time", UtcTime, nullable=True),
        sa.Column("first_touch_channel", Name, nullable=False),
        sa.Column("last_touch_channel", Name, nullable=False),
        sa.Column("intent_downloads", sa.Integer, nullable=False),
        sa.Column("days_since_unanswered_intent", sa.Integer, nullable=True),
        sa.Column("r_score", sa.Integer, nullable=True),
        sa.Column("f_score", sa.Integer, nullable=True),
        sa.Column("m_score", sa.Integer, nullable=True),
        sa.Column("segment", sa.SmallInteger, nullable=True),
        sa.Column("value_tier", sa.SmallInteger, nullable=True),
        sa.Column("activity", sa.SmallInteger, nullable=True),
        sa.Column("customer_class", sa.SmallInteger, nullable=True),
        sa.Column("next_order_start", sa.Date, nullable=True),
        sa.Column("next_order_expected", sa.Date, nullable=True),
        sa.Column("next_order_end", sa.Date, nullable=True),
        sa.Column("predictor", sa.SmallInteger, nullable=False),
        sa.Column("confidence", sa.Double, nullable=False),
        sa.Column("gap_count", sa.Integer, nullable=False),
        sa.Column("lower_quartile_gap_days", sa.Double, nullable=True),
        sa.Column("median_gap_days", sa.Double, nullable=True),
        sa.Column("upper_quartile_gap_days", sa.Double, nullable=True),
        sa.PrimaryKeyConstraint("generation", "customer", name="pk_facts"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_facts_owner", "facts", ["generation", "owner", "customer"])
    op.create_index("ix_facts_team", "facts", ["generation", "team", "customer"])
    op.create_table(
        "orders",
        sa.Column("generation", sa.Integer, nullable=False),
        sa.Column("name", Name, nullable=False),
        sa.Column("customer", Name, nullable=False),
        sa.Column("position", sa.BigInteger, nullable=False),
        sa.Column("time_us", sa.BigInteger, nullable=False),
        sa.Column("net_minor", sa.BigInteger, nullable=False),
        sa.Column("original", Name, nullable=False),
        sa.Column("counts", sa.Boolean, nullable=False),
        sa.PrimaryKeyConstraint("generation", "name", name="pk_orders"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_orders_customer", "orders", ["generation", "customer"])
    op.create_table(
        "read_model",
        sa.Column("id", sa.Integer, autoincrement=False, nullable=False),
        sa.Column("generation", sa.Integer, nullable=False),
        sa.Column("derivation", Name, nullable=False),
        sa.Column("base_currency", Name, nullable=False),
        sa.Column("basis", sa.BigInteger, nullable=False),
        sa.Column("outdated", sa.Boolean, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_read_model"),
    )
    op.create_table(
        "rebuilds",
        sa.Column("generation", sa.Integer, autoincrement=False, nullable=False),
        sa.Column("derivation", Name, nullable=False),
        sa.Column("state", Name, nullable=False),
        sa.Column("applied_events", sa.BigInteger, nullable=False),
        sa.Column("total_events", sa.BigInteger, nullable=False),
        sa.Column("start_time", UtcTime, nullable=False),
        sa.Column("end_time", UtcTime, nullable=True),
        sa.Column("error", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("generation", name="pk_rebuilds"),
    )
    op.create_table(
        "rules",
        sa.Column("name", Name, nullable=False),
        sa.Column("kind", Name, nullable=False),
        sa.Column("display_name", sa.Text, nullable=False),
        sa.Column("filter", sa.Text, nullable=False),
        sa.Column("enabled", sa.Boolean, nullable=False),
        sa.Column("severity", sa.SmallInteger, nullable=True),
        sa.Column("text_en", sa.Text, nullable=False),
        sa.Column("text_zh", sa.Text, nullable=False),
        sa.Column("assignee", Name, nullable=False),
        sa.Column("cooldown_days", sa.Integer, nullable=False),
        sa.Column("tag_dimension", Name, nullable=False),
        sa.Column("tag", sa.Text, nullable=False),
        sa.Column("built_in", sa.Boolean, nullable=False),
        sa.Column("sight_reach", sa.SmallInteger, nullable=False),
        sa.Column("sight_author", Name, nullable=False),
        sa.Column("sight_teams", Names, nullable=False),
        sa.Column("create_time", UtcTime, nullable=False),
        sa.Column("update_time", UtcTime, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("run", Name, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_rules"),
    )
    op.create_table(
        "rules_owed",
        sa.Column("generation", sa.Integer, nullable=False),
        sa.Column("id", Name, nullable=False),
        sa.Column("since", UtcTime, nullable=False),
        sa.PrimaryKeyConstraint("generation", "id", name="pk_rules_owed"),
    )
    op.create_table(
        "runs",
        sa.Column("name", Name, nullable=False),
        sa.Column("kind", Name, nullable=False),
        sa.Column("rule", Name, nullable=False),
        sa.Column("state", Name, nullable=False),
        sa.Column("customers_done", sa.Integer, nullable=False),
        sa.Column("customers_total", sa.Integer, nullable=False),
        sa.Column("error", sa.Text, nullable=False),
        sa.Column("create_time", UtcTime, nullable=False),
        sa.Column("start_time", UtcTime, nullable=True),
        sa.Column("end_time", UtcTime, nullable=True),
        sa.Column("next_try_time", UtcTime, nullable=True),
        sa.Column("tries", sa.Integer, nullable=False),
        sa.Column("generation", sa.Integer, nullable=True),
        sa.Column("through", Name, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_runs"),
    )
    op.create_index("ix_runs_create_time", "runs", ["create_time", "name"])
    op.create_index("ix_runs_end_time", "runs", ["end_time"])
    op.create_index(
        "ix_runs_unfinished",
        "runs",
        ["create_time", "name"],
        unique=False,
        sqlite_where=sa.text("state != 'DONE'"),
        postgresql_where=sa.text("state != 'DONE'"),
    )
    op.create_table(
        "segmentations",
        sa.Column("generation", sa.Integer, nullable=False),
        sa.Column("as_of", sa.Date, nullable=False),
        sa.Column("run_time", UtcTime, nullable=False),
        sa.Column("end_time", UtcTime, nullable=True),
        sa.Column("edition", Name, nullable=False),
        sa.Column("customer_count", sa.Integer, nullable=False),
        sa.Column("buyer_count", sa.Integer, nullable=False),
        sa.Column("recency_cut_points", Json, nullable=False),
        sa.Column("frequency_cut_points", Json, nullable=False),
        sa.Column("monetary_cut_points", Json, nullable=False),
        sa.Column("lower_quartile_gap_days", sa.Double, nullable=True),
        sa.Column("median_gap_days", sa.Double, nullable=True),
        sa.Column("upper_quartile_gap_days", sa.Double, nullable=True),
        sa.PrimaryKeyConstraint("generation", "as_of", name="pk_segmentations"),
    )
    op.create_table(
        "set_asides",
        sa.Column("generation", sa.Integer, nullable=False),
        sa.Column("customer", Name, nullable=False),
        sa.Column("error", sa.Text, nullable=False),
        sa.Column("set_aside_time", UtcTime, nullable=False),
        sa.PrimaryKeyConstraint("generation", "customer", name="pk_set_asides"),
    )
    op.create_table(
        "touched",
        sa.Column("generation", sa.Integer, nullable=False),
        sa.Column("mark", sa.BigInteger, nullable=False),
        sa.Column("customer", Name, nullable=False),
        sa.PrimaryKeyConstraint("generation", "mark", "customer", name="pk_touched"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "touches",
        sa.Column("generation", sa.Integer, nullable=False),
        sa.Column("name", Name, nullable=False),
        sa.Column("customer", Name, nullable=False),
        sa.Column("position", sa.BigInteger, nullable=False),
        sa.Column("time_us", sa.BigInteger, nullable=False),
        sa.Column("type", sa.SmallInteger, nullable=False),
        sa.Column("channel", sa.SmallInteger, nullable=False),
        sa.Column("about_price", sa.Boolean, nullable=False),
        sa.PrimaryKeyConstraint("generation", "name", name="pk_touches"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_touches_customer", "touches", ["generation", "customer"])
