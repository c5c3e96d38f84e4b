"""Alerts: changes alerts."""

import sqlalchemy as sa
from alembic import op

revision = "alerts_0001"
down_revision = "0001"
oldest_code = "0001"


def upgrade() -> None:
    op.add_column("alerts", sa.Column("rule_edition", sa.Text, server_default="", nullable=False))
