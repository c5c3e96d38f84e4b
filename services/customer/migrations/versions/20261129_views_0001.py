"""Views: lists that are kept."""

import sqlalchemy as sa
from alembic import op

from services.chassis.store import Name, Names, UtcTime

revision = "views_0001"
down_revision = "search_0001"
oldest_code = "customers_0001"


def upgrade() -> None:
    op.create_table(
        "views",
        sa.Column("name", Name, nullable=False),
        sa.Column("resource", Name, nullable=False),
        sa.Column("display_name", sa.Text, nullable=False),
        sa.Column("filter", sa.Text, nullable=False),
        sa.Column("order_by", sa.Text, nullable=False),
        sa.Column("columns", Names, nullable=False),
        sa.Column("owner", Name, nullable=False),
        sa.Column("shared", sa.Boolean, nullable=False),
        sa.Column("create_time", UtcTime, nullable=False),
        sa.Column("update_time", UtcTime, nullable=False),
        sa.Column("etag", Name, nullable=False),
        sa.Column("fingerprint", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_views"),
    )
    op.create_index("ix_views_display_name", "views", ["display_name", "name"])
    op.create_index("ix_views_owner_display_name", "views", ["owner", "display_name", "name"])
