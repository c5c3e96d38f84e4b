"""Contact points: names in two parts, postal addresses, and phones and emails with their kind and
normal form.

The normal forms of rows that are there are left empty: the company's country isn't known here. They
are worked out with a customer's next change; until then what was written is found as it was.
"""

import json

import sqlalchemy as sa
from alembic import op

from services.chassis.store import Name

revision = "contact_points_0001"
down_revision = "colleagues_0003"
oldest_code = "contact_points_0001"

_AT_ONCE = 1_000


def upgrade() -> None:
    op.add_column(
        "customers", sa.Column("given_name", sa.Text, nullable=False, server_default=sa.text("''"))
    )
    op.add_column(
        "customers", sa.Column("family_name", sa.Text, nullable=False, server_default=sa.text("''"))
    )
    op.add_column("customers", sa.Column("addresses", sa.Text, nullable=False, server_default="[]"))
    connection = op.get_bind()
    customers = sa.table(
        "customers",
        sa.column("name", Name),
        sa.column("phones", sa.Text),
        sa.column("emails", sa.Text),
    )
    page = sa.select(customers).order_by(customers.c.name).limit(_AT_ONCE)
    save = (
        sa.update(customers)
        .where(customers.c.name == sa.bindparam("key"))
        .values(phones=sa.bindparam("new_phones"), emails=sa.bindparam("new_emails"))
    )
    rows = connection.execute(page).all()
    while rows:
        connection.execute(
            save,
            [
                {
                    "key": row.name,
                    "new_phones": _with_parts(row.phones, kind=None, canonical="", extension=""),
                    "new_emails": _with_parts(row.emails, kind=None, canonical=""),
                }
                for row in rows
            ],
        )
        rows = connection.execute(page.where(customers.c.name > rows[-1].name)).all()


def _with_parts(texts: str, **parts: str | None) -> str:
    """`["…"]` as `[["…", null, ""]]`."""
    return json.dumps(
        [[text, *parts.values()] for text in json.loads(texts)],
        ensure_ascii=False,
        separators=(",", ":"),
    )
