"""The chassis's tables, customers, the orders that count for them, and touchpoints."""

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
        "customers",
        sa.Column("name", Name, nullable=False),
        sa.Column("kind", Name, nullable=False),
        sa.Column("display_name", sa.Text, nullable=False),
        sa.Column("display_name_key", sa.Text, nullable=False),
        sa.Column("phones", Names, nullable=False),
        sa.Column("phones_key", Names, nullable=False),
        sa.Column("emails", Names, nullable=False),
        sa.Column("emails_key", Names, nullable=False),
        sa.Column("industry", sa.Text, nullable=False),
        sa.Column("region", sa.Text, nullable=False),
        sa.Column("lifecycle_stage", Name, nullable=False),
        sa.Column("stage_before_orders", Name),
        sa.Column("temperature", Name),
        sa.Column("owner", Name, nullable=False),
        sa.Column("team", Name, nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("referred_by", Name, nullable=False),
        sa.Column("parent_organization", Name, nullable=False),
        sa.Column("next_follow_up_time", UtcTime),
        sa.Column("labels", Json, nullable=False),
        sa.Column("first_seen_time", UtcTime, nullable=False),
        sa.Column("create_time", UtcTime, nullable=False),
        sa.Column("update_time", UtcTime, nullable=False),
        sa.Column("delete_time", UtcTime),
        sa.Column("etag", Name, nullable=False),
        sa.Column("fingerprint", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_customers"),
    )
    op.create_index("ix_customers_create_time", "customers", ["create_time", "name"])
    op.create_index("ix_customers_owner_create_time", "customers", ["owner", "create_time", "name"])
    op.create_index("ix_customers_team_create_time", "customers", ["team", "create_time", "name"])
    op.create_index("ix_customers_display_name_key", "customers", ["display_name_key"])
    op.create_table(
        "customer_collaborators",
        sa.Column("customer", Name, nullable=False),
        sa.Column("subject", Name, nullable=False),
        sa.Column("access", Name, nullable=False),
        sa.PrimaryKeyConstraint("customer", "subject", name="pk_customer_collaborators"),
        sa.ForeignKeyConstraint(
            ["customer"], ["customers.name"], name="fk_customer_collaborators_customer"
        ),
    )
    op.create_index(
        "ix_customer_collaborators_subject",
        "customer_collaborators",
        ["subject", "customer", "access"],
    )
    op.create_table(
        "customer_orders",
        sa.Column("order_name", Name, nullable=False),
        sa.Column("customer", Name, nullable=False),
        sa.Column("counts", sa.Boolean, nullable=False),
        sa.PrimaryKeyConstraint("order_name", name="pk_customer_orders"),
    )
    op.create_table(
        "customer_order_counts",
        sa.Column("customer", Name, nullable=False),
        sa.Column("orders", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("customer", name="pk_customer_order_counts"),
    )
    op.create_table(
        "touchpoints",
        sa.Column("name", Name, nullable=False),
        sa.Column("customer", Name, nullable=False),
        sa.Column("type", Name, nullable=False),
        sa.Column("channel", Name),
        sa.Column("channel_detail", sa.Text, nullable=False),
        sa.Column("direction", Name),
        sa.Column("touch_time", UtcTime, nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("content", sa.Text, nullable=False),
        sa.Column("topics", Names, nullable=False),
        sa.Column("products_of_concern", Names, nullable=False),
        sa.Column("duration_minutes", sa.Integer, nullable=False),
        sa.Column("outcome", sa.Text, nullable=False),
        sa.Column("actor", Name, nullable=False),
        sa.Column("create_time", UtcTime, nullable=False),
        sa.Column("fingerprint", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_touchpoints"),
        sa.ForeignKeyConstraint(["customer"], ["customers.name"], name="fk_touchpoints_customer"),
    )
    op.create_index(
        "ix_touchpoints_customer_touch_time", "touchpoints", ["customer", "touch_time", "name"]
    )
    op.create_index("ix_touchpoints_touch_time", "touchpoints", ["touch_time", "name"])
