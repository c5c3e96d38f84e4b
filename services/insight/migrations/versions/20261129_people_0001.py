"""People: makes people."""

import sqlalchemy as sa
from alembic import op

from services.chassis.store import Name

revision = "people_0001"
down_revision = "alerts_0001"
oldest_code = "0001"


def upgrade() -> None:
    op.create_table(
        "people",
        sa.Column("name", Name, nullable=False),
        sa.Column("active", sa.Boolean, nullable=False),
        sa.Column("team", Name, server_default="", nullable=False),
        sa.Column("manager", Name, server_default="", nullable=False),
        sa.Column("position", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_people"),
    )
