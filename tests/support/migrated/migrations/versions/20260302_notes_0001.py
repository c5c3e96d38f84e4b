"""Notes, and one to begin with."""

import sqlalchemy as sa
from alembic import op

from services.chassis.store import Name

revision = "notes_0001"
down_revision = "0001"
oldest_code = "0001"


def upgrade() -> None:
    notes = op.create_table(
        "notes",
        sa.Column("name", Name, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_notes"),
    )
    op.bulk_insert(notes, [{"name": "notes/1", "text": "kept"}])
