"""Search: what customers are found by (`customer_search_texts`), and the index made of it.

What the customers that are there are found by takes code that changes, and dictionaries: their rows
are of version 0 and empty, and are written by the service once it runs, in the background. Whoever
writes a customer writes this row too, so older code must not run on it.
"""

import sqlalchemy as sa
from alembic import op

from services.chassis.store import Name

revision = "search_0001"
down_revision = "contacts_0001"
oldest_code = "search_0001"


def upgrade() -> None:
    op.create_table(
        "customer_search_blocks",
        sa.Column("block", sa.BigInteger, autoincrement=False, nullable=False),
        sa.Column("size", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("block", name="pk_customer_search_blocks"),
    )
    op.create_table(
        "customer_search_grams",
        sa.Column("block", sa.BigInteger, nullable=False),
        sa.Column("gram", Name, nullable=False),
        sa.Column("places", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("block", "gram", name="pk_customer_search_grams"),
        sqlite_with_rowid=False,
    )
    texts = op.create_table(
        "customer_search_texts",
        sa.Column("customer", Name, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("indexed", sa.Boolean, nullable=False),
        sa.Column("place", sa.BigInteger, nullable=True),
        sa.ForeignKeyConstraint(
            ["customer"], ["customers.name"], name="fk_customer_search_texts_customer"
        ),
        sa.PrimaryKeyConstraint("customer", name="pk_customer_search_texts"),
    )
    op.create_index("ix_customer_search_texts_name", "customer_search_texts", ["name"])
    op.create_index(
        "ix_customer_search_texts_not_indexed",
        "customer_search_texts",
        ["customer"],
        postgresql_where=sa.text("NOT indexed"),
        sqlite_where=sa.text("indexed = 0"),
    )
    op.create_index("ix_customer_search_texts_version", "customer_search_texts", ["version"])
    op.create_index(
        "ux_customer_search_texts_place", "customer_search_texts", ["place"], unique=True
    )
    customers = sa.table("customers", sa.column("name", Name))
    empty = sa.select(
        customers.c.name, sa.literal(""), sa.literal(""), sa.literal(0), sa.true()
    ).select_from(customers)
    op.execute(
        texts.insert().from_select(["customer", "name", "text", "version", "indexed"], empty)
    )
