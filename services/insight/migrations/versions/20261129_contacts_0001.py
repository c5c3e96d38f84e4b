"""Contacts: who signs at an organization, and how long its decision chain is.

Rows that are there have none: the start that comes next finds types of events that weren't read
before, and begins the rebuild that fills it.
"""

import sqlalchemy as sa
from alembic import op

from services.chassis.store import Name

revision = "contacts_0001"
down_revision = "people_0001"
oldest_code = "0001"


def upgrade() -> None:
    op.create_table(
        "contacts",
        sa.Column("generation", sa.Integer, nullable=False),
        sa.Column("name", Name, nullable=False),
        sa.Column("customer", Name, nullable=False),
        sa.Column("position", sa.BigInteger, nullable=False),
        sa.Column("approval_order", sa.BigInteger, nullable=False),
        sa.Column("signs", sa.Boolean, nullable=False),
        sa.PrimaryKeyConstraint("generation", "name", name="pk_contacts"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_contacts_customer", "contacts", ["generation", "customer"])
    op.add_column(
        "facts", sa.Column("decision_chain_length", sa.Integer, nullable=False, server_default="0")
    )
