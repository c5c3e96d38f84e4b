"""The chassis's tables, accounts, products, orders and their lines."""

import sqlalchemy as sa
from alembic import op

from services.chassis.store import Name, UtcTime
from services.chassis.store.tables_v1 import create_chassis_tables_v1

revision = "0001"
down_revision = None
oldest_code = "0001"


def upgrade() -> None:
    create_chassis_tables_v1()
    op.create_table(
        "accounts",
        sa.Column("customer", Name, nullable=False),
        sa.Column("owner", Name, nullable=False),
        sa.Column("team", Name, nullable=False),
        sa.Column("deleted", sa.Boolean, nullable=False),
        sa.Column("position", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("customer", name="pk_accounts"),
    )
    op.create_index("ix_accounts_owner", "accounts", ["owner", "customer"])
    op.create_index("ix_accounts_team", "accounts", ["team", "customer"])
    op.create_table(
        "account_collaborators",
        sa.Column("customer", Name, nullable=False),
        sa.Column("subject", Name, nullable=False),
        sa.Column("access", Name, nullable=False),
        sa.PrimaryKeyConstraint("customer", "subject", name="pk_account_collaborators"),
    )
    op.create_index(
        "ix_account_collaborators_subject",
        "account_collaborators",
        ["subject", "customer", "access"],
    )
    op.create_table(
        "products",
        sa.Column("name", Name, nullable=False),
        sa.Column("display_name", sa.Text, nullable=False),
        sa.Column("sku", Name, nullable=False),
        sa.Column("category", Name, nullable=False),
        sa.Column("list_price_currency_code", Name),
        sa.Column("list_price_units", sa.BigInteger),
        sa.Column("list_price_nanos", sa.Integer),
        sa.Column("active", sa.Boolean, nullable=False),
        sa.Column("create_time", UtcTime, nullable=False),
        sa.Column("update_time", UtcTime, nullable=False),
        sa.Column("etag", Name, nullable=False),
        sa.Column("fingerprint", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_products"),
    )
    op.create_index("ix_products_display_name", "products", ["display_name", "name"])
    op.create_index("ix_products_sku", "products", ["sku", "name"])
    op.create_table(
        "orders",
        sa.Column("name", Name, nullable=False),
        sa.Column("customer", Name, nullable=False),
        sa.Column("state", Name, nullable=False),
        sa.Column("order_time", UtcTime, nullable=False),
        sa.Column("currency_code", Name, nullable=False),
        sa.Column("base_currency_code", Name, nullable=False),
        sa.Column("exchange_rate", Name, nullable=False),
        sa.Column("line_count", sa.Integer, nullable=False),
        sa.Column("net_amount", sa.BigInteger, nullable=False),
        sa.Column("base_net_amount", sa.BigInteger, nullable=False),
        sa.Column("original_order", Name, nullable=False),
        sa.Column("seller", Name, nullable=False),
        sa.Column("team", Name, nullable=False),
        sa.Column("reference", sa.Text, nullable=False),
        sa.Column("cancel_reason", sa.Text, nullable=False),
        sa.Column("create_time", UtcTime, nullable=False),
        sa.Column("update_time", UtcTime, nullable=False),
        sa.Column("etag", Name, nullable=False),
        sa.Column("fingerprint", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_orders"),
    )
    op.create_index("ix_orders_order_time", "orders", ["order_time", "name"])
    op.create_index("ix_orders_customer_order_time", "orders", ["customer", "order_time", "name"])
    op.create_index("ix_orders_seller_order_time", "orders", ["seller", "order_time", "name"])
    op.create_index("ix_orders_team_order_time", "orders", ["team", "order_time", "name"])
    op.create_table(
        "order_lines",
        sa.Column("order_name", Name, nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("product", Name, nullable=False),
        sa.Column("description", sa.Text, nullable=False),
        sa.Column("quantity", sa.BigInteger, nullable=False),
        sa.Column("price_units", sa.BigInteger, nullable=False),
        sa.Column("price_nanos", sa.Integer, nullable=False),
        sa.Column("amount", sa.BigInteger, nullable=False),
        sa.Column("base_amount", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("order_name", "position", name="pk_order_lines"),
        sqlite_with_rowid=False,
    )
