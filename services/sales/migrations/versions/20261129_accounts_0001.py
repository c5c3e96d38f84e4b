"""Accounts: makes accounts_anew."""

import sqlalchemy as sa
from alembic import op

from services.chassis.store import Name

revision = "accounts_0001"
down_revision = "people_0001"
oldest_code = "0001"


def upgrade() -> None:
    op.create_table(
        "accounts_anew",
        sa.Column("customer", Name, nullable=False),
        sa.Column("owner", Name, nullable=False),
        sa.Column("team", Name, nullable=False),
        sa.Column("deleted", sa.Boolean, nullable=False),
        sa.Column("position", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("customer", name="pk_accounts_anew"),
    )
