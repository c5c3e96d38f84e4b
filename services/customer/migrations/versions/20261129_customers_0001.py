"""Customers: external ids, consents, and the keys by which other systems know them.

Phones that are there have no normal form yet (see contact_points_0001), so their keys are digits;
they get others with the customer's next change.
"""

import json
import unicodedata
from collections.abc import Iterator

import sqlalchemy as sa
from alembic import op

from services.chassis.store import Name, UtcTime

revision = "customers_0001"
down_revision = "contact_points_0001"
oldest_code = "customers_0001"

_AT_ONCE = 1_000
_FEWEST_DIGITS = 7


def upgrade() -> None:
    op.create_table(
        "customer_turns",
        sa.Column("key", Name, nullable=False),
        sa.Column("turn_time", UtcTime, nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_customer_turns"),
    )
    customer_keys = op.create_table(
        "customer_keys",
        sa.Column("key", Name, nullable=False),
        sa.Column("kind", Name, nullable=False),
        sa.Column("customer", Name, nullable=False),
        sa.ForeignKeyConstraint(["customer"], ["customers.name"], name="fk_customer_keys_customer"),
        sa.PrimaryKeyConstraint("key", "kind", "customer", name="pk_customer_keys"),
    )
    external = sa.text("kind = 'EXTERNAL_ID'")
    op.create_index("ix_customer_keys_customer", "customer_keys", ["customer"])
    op.create_index(
        "ux_customer_keys_external_id",
        "customer_keys",
        ["key"],
        unique=True,
        postgresql_where=external,
        sqlite_where=external,
    )
    op.add_column(
        "customers", sa.Column("external_ids", sa.Text, nullable=False, server_default="{}")
    )
    op.add_column("customers", sa.Column("consents", sa.Text, nullable=False, server_default="[]"))
    connection = op.get_bind()
    customers = sa.table(
        "customers",
        sa.column("name", Name),
        sa.column("phones", sa.Text),
        sa.column("emails", sa.Text),
    )
    page = sa.select(customers).order_by(customers.c.name).limit(_AT_ONCE)
    rows = connection.execute(page).all()
    while rows:
        keys = [
            {"key": key, "kind": kind, "customer": row.name}
            for row in rows
            for kind, key in {*_of_phones(row.phones), *_of_emails(row.emails)}
        ]
        if keys:
            connection.execute(customer_keys.insert(), keys)
        rows = connection.execute(page.where(customers.c.name > rows[-1].name)).all()


def _of_phones(phones: str) -> Iterator[tuple[str, str]]:
    for written, *_ in json.loads(phones):
        digits = "".join(str(unicodedata.decimal(each)) for each in written if each.isdecimal())
        if len(digits) >= _FEWEST_DIGITS:
            yield "PHONE", digits


def _of_emails(emails: str) -> Iterator[tuple[str, str]]:
    for written, *_ in json.loads(emails):
        yield "EMAIL", " ".join(unicodedata.normalize("NFKC", written).casefold().split())
