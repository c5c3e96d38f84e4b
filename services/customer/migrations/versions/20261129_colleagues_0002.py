"""Colleagues: makes colleagues_anew."""

import sqlalchemy as sa
from alembic import op

from services.chassis.store import Name

revision = "colleagues_0002"
down_revision = "colleagues_0001"
oldest_code = "0001"


def upgrade() -> None:
    op.create_table(
        "colleagues_anew",
        sa.Column("name", Name, nullable=False),
        sa.Column("active", sa.Boolean, nullable=False),
        sa.Column("position", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_colleagues_anew"),
    )
