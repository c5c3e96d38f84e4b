"""Nothing: changes touchpoints."""

import sqlalchemy as sa
from alembic import op

revision = "nothing_0001"
down_revision = "0001"
oldest_code = "nothing_0001"


def upgrade() -> None:
    with op.batch_alter_table("touchpoints", schema=None) as batch_op:
        batch_op.alter_column("outcome", existing_type=sa.TEXT(), nullable=True)
