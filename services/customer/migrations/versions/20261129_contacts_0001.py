"""Contacts: the people at an organization."""

import sqlalchemy as sa
from alembic import op

from services.chassis.store import Json, Name, Names, UtcTime

revision = "contacts_0001"
down_revision = "fields_0001"
oldest_code = "customers_0001"


def upgrade() -> None:
    op.create_table(
        "contacts",
        sa.Column("name", Name, nullable=False),
        sa.Column("organization", Name, nullable=False),
        sa.Column("display_name", sa.Text, nullable=False),
        sa.Column("display_name_key", sa.Text, nullable=False),
        sa.Column("given_name", sa.Text, nullable=False),
        sa.Column("family_name", sa.Text, nullable=False),
        sa.Column("phones", sa.Text, nullable=False),
        sa.Column("phones_key", Names, nullable=False),
        sa.Column("emails", sa.Text, nullable=False),
        sa.Column("emails_key", Names, nullable=False),
        sa.Column("job_title", sa.Text, nullable=False),
        sa.Column("department", sa.Text, nullable=False),
        sa.Column("role", Name, nullable=True),
        sa.Column("approval_order", sa.Integer, nullable=False),
        sa.Column("stance", Name, nullable=True),
        sa.Column("approval_time", UtcTime, nullable=True),
        sa.Column("customer", Name, nullable=False),
        sa.Column("reports_to", Name, nullable=False),
        sa.Column("notes", sa.Text, nullable=False),
        sa.Column("labels", Json, nullable=False),
        sa.Column("custom_fields", sa.Text, nullable=False),
        sa.Column("active", sa.Boolean, nullable=False),
        sa.Column("deactivate_time", UtcTime, nullable=True),
        sa.Column("create_time", UtcTime, nullable=False),
        sa.Column("update_time", UtcTime, nullable=False),
        sa.Column("etag", Name, nullable=False),
        sa.Column("fingerprint", sa.LargeBinary, nullable=False),
        sa.ForeignKeyConstraint(
            ["organization"], ["customers.name"], name="fk_contacts_organization"
        ),
        sa.PrimaryKeyConstraint("name", name="pk_contacts"),
    )
    op.create_index("ix_contacts_customer", "contacts", ["customer", "name"])
    op.create_index("ix_contacts_display_name", "contacts", ["display_name", "name"])
    op.create_index(
        "ix_contacts_organization_display_name",
        "contacts",
        ["organization", "display_name", "name"],
    )
    op.create_index("ix_contacts_reports_to", "contacts", ["reports_to", "name"])
