"""Colleagues: makes colleagues_anew, colleague_teams_anew."""

import sqlalchemy as sa
from alembic import op

from services.chassis.store import Name

revision = "colleagues_0003"
down_revision = "colleagues_0002"
oldest_code = "0001"


def upgrade() -> None:
    op.create_table(
        "colleagues_anew",
        sa.Column("name", Name, nullable=False),
        sa.Column("active", sa.Boolean, nullable=False),
        sa.Column("team", Name, nullable=False),
        sa.Column("manager", Name, nullable=False),
        sa.Column("position", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_colleagues_anew"),
    )
    op.create_table(
        "colleague_teams_anew",
        sa.Column("name", Name, nullable=False),
        sa.Column("there", sa.Boolean, nullable=False),
        sa.Column("position", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_colleague_teams_anew"),
    )
