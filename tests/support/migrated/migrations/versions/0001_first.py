"""The chassis's tables."""

from alembic import op

from services.chassis.store.migrate import create_chassis_tables

revision = "0001"
down_revision = None


def upgrade() -> None:
    create_chassis_tables(op.get_bind())
