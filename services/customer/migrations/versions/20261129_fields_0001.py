"""Fields: makes custom_fields; changes customers."""

import sqlalchemy as sa
from alembic import op

from services.chassis.store import Json, Name, UtcTime

revision = "fields_0001"
down_revision = "customers_0001"
oldest_code = "customers_0001"


def upgrade() -> None:
    op.create_table(
        "custom_fields",
        sa.Column("name", Name, nullable=False),
        sa.Column("resource", Name, nullable=False),
        sa.Column("key", Name, nullable=False),
        sa.Column("type", Name, nullable=False),
        sa.Column("display_name", sa.Text, nullable=False),
        sa.Column("description", sa.Text, nullable=False),
        sa.Column("decimals", sa.Integer, nullable=False),
        sa.Column("currency_code", Name, nullable=False),
        sa.Column("options", Json, nullable=False),
        sa.Column("refers_to", Name, nullable=False),
        sa.Column("default_value", sa.Text),
        sa.Column("required", sa.Boolean, nullable=False),
        sa.Column("indexed", sa.Boolean, nullable=False),
        sa.Column("index_time", UtcTime),
        sa.Column("archive_time", UtcTime),
        sa.Column("create_time", UtcTime, nullable=False),
        sa.Column("update_time", UtcTime, nullable=False),
        sa.Column("etag", Name, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_custom_fields"),
    )
    op.create_index(
        "ix_custom_fields_resource", "custom_fields", ["resource", "archive_time", "name"]
    )
    op.add_column(
        "customers",
        sa.Column("custom_fields", sa.Text, nullable=False, server_default="{}"),
    )
