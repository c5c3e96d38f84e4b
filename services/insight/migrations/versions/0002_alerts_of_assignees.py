"""Alerts are seen by those they are given to: found by assignee as by owner."""

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_index("ix_alerts_assignee", "alerts", ["assignee", "severity", "create_time", "name"])
