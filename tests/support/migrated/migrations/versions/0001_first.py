"""The chassis's tables."""

from services.chassis.store.tables_v1 import create_chassis_tables_v1

revision = "0001"
down_revision = None
oldest_code = "0001"


def upgrade() -> None:
    create_chassis_tables_v1()
