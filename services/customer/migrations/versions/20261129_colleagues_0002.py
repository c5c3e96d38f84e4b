"""Colleagues: makes colleague_teams; changes colleagues."""

import sqlalchemy as sa
from alembic import op

from services.chassis.store import Name

revision = "colleagues_0002"
down_revision = "colleagues_0001"
oldest_code = "0001"


def upgrade() -> None:
    op.create_table(
        "colleague_teams",
        sa.Column("name", Name, nullable=False),
        sa.Column("there", sa.Boolean, nullable=False),
        sa.Column("position", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_colleague_teams"),
    )
    op.add_column("colleagues", sa.Column("team", Name, server_default="", nullable=False))
    op.add_column("colleagues", sa.Column("manager", Name, server_default="", nullable=False))
