"""People: makes directory, teams, users."""

import sqlalchemy as sa
from alembic import op

from services.chassis.store import Name, UtcTime

revision = "people_0001"
down_revision = "0001"
oldest_code = "0001"


def upgrade() -> None:
    op.create_table(
        "directory",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("edition", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_directory"),
    )
    op.execute("INSERT INTO directory (id, edition) VALUES (1, 1)")
    op.create_table(
        "teams",
        sa.Column("name", Name, nullable=False),
        sa.Column("display_name", sa.Text, nullable=False),
        sa.Column("parent", Name, nullable=False),
        sa.Column("create_time", UtcTime, nullable=False),
        sa.Column("update_time", UtcTime, nullable=False),
        sa.Column("etag", Name, nullable=False),
        sa.Column("fingerprint", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_teams"),
    )
    op.create_index("ix_teams_display_name", "teams", ["display_name", "name"])
    op.create_index("ix_teams_parent", "teams", ["parent", "name"])
    op.create_table(
        "users",
        sa.Column("name", Name, nullable=False),
        sa.Column("display_name", sa.Text, nullable=False),
        sa.Column("display_name_key", sa.Text, nullable=False),
        sa.Column("email", sa.Text, nullable=False),
        sa.Column("email_key", sa.Text, nullable=False),
        sa.Column("team", Name, nullable=False),
        sa.Column("manager", Name, nullable=False),
        sa.Column("active", sa.Boolean, nullable=False),
        sa.Column("deactivate_time", UtcTime, nullable=True),
        sa.Column("create_time", UtcTime, nullable=False),
        sa.Column("update_time", UtcTime, nullable=False),
        sa.Column("etag", Name, nullable=False),
        sa.Column("fingerprint", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_users"),
    )
    op.create_index("ix_users_display_name", "users", ["display_name", "name"])
    op.create_index("ix_users_email_key", "users", ["email_key"])
    op.create_index("ix_users_manager", "users", ["manager", "name"])
    op.create_index("ix_users_team", "users", ["team", "name"])
