"""How PostgreSQL finds the orders that somebody sees: by what is theirs, not among everybody's."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import pytest
from sqlalchemy import insert
from sqlalchemy.dialects import postgresql

from services.chassis.caller import Caller, Scope
from services.chassis.clock import SystemClock
from services.chassis.ids import Uuid7Ids
from services.chassis.lists.listing import Listing
from services.chassis.store import Store, WriteTransaction
from services.chassis.store.migrate import migrate
from services.chassis.store.scope import scoped
from services.sales.accounts.store import accounts
from services.sales.metadata import metadata
from services.sales.orders.store import orders

CUSTOMERS, ORDERS, PEOPLE, TEAMS = 5_000, 20_000, 500, 10
SYSTEM = Caller.system("tests")
BEGINNING = datetime(2026, 1, 1, tzinfo=UTC)
REP = Caller("users/u1", ("rep",), ("teams/t1",), Scope.OWN)
NEW_REP = Caller("users/new", ("rep",), ("teams/t1",), Scope.OWN)
MANAGER = Caller("users/m", ("manager",), ("teams/t1",), Scope.TEAM)


def account_of(number: int) -> dict[str, Any]:
    owner, team = f"users/u{number % PEOPLE}", f"teams/t{number % TEAMS}"
    name = f"customers/c{number}"
    return {"customer": name, "owner": owner, "team": team, "deleted": False, "position": number}


def order_of(number: int) -> dict[str, Any]:
    at = BEGINNING + timedelta(minutes=number)
    return {
        "name": f"orders/o{number}",
        "customer": f"customers/c{number * 7 % CUSTOMERS}",
        "state": "CONFIRMED",
        "order_time": at,
        "currency_code": "EUR",
        "base_currency_code": "EUR",
        "exchange_rate": "1",
        "line_count": 0,
        "net_amount": 100,
        "base_net_amount": 100,
        "original_order": "",
        "seller": f"users/u{number % PEOPLE}",
        "team": f"teams/t{number % TEAMS}",
        "reference": "",
        "cancel_reason": "",
        "create_time": at,
        "update_time": at,
        "etag": "e",
        "fingerprint": b"",
    }


@pytest.fixture
async def filled(postgres_url: str) -> AsyncIterator[asyncpg.Connection[Any]]:
    """A company of which one rep has ten customers and forty orders."""
    await migrate(postgres_url, "services.sales")
    store = await Store.open(postgres_url, metadata=metadata, clock=SystemClock(), ids=Uuid7Ids())

    async def fill(tx: WriteTransaction) -> None:
        await tx.run_many(insert(accounts), [account_of(number) for number in range(CUSTOMERS)])
        await tx.run_many(insert(orders.table), [order_of(number) for number in range(ORDERS)])

    await store.write(fill, caller=SYSTEM)
    await store.close()
    connection = await asyncpg.connect(postgres_url.replace("+asyncpg", ""))
    await connection.execute("ANALYZE")
    yield connection
    await connection.close()


async def plan(filled: asyncpg.Connection[Any], caller: Caller) -> str:
    """How a page of orders is found for the caller."""
    page: Any = scoped(orders.query.page(orders.all, Listing()).statement, caller)[0]
    dialect: Any = postgresql.dialect
    text = page.compile(dialect=dialect(), compile_kwargs={"literal_binds": True})
    return "\n".join(row[0] for row in await filled.fetch(f"EXPLAIN {text}"))


@pytest.mark.parametrize("caller", [REP, NEW_REP])
async def test_a_persons_page_is_found_by_their_customers_and_by_what_they_sold(
    filled: asyncpg.Connection[Any], caller: Caller
) -> None:
    found = await plan(filled, caller)
    for index in ("ix_accounts_owner", "ix_orders_customer_order_time", "ix_orders_seller_"):
        assert index in found
    assert "Seq Scan on orders" not in found
    assert "ix_orders_order_time" not in found


async def test_a_teams_page_looks_at_the_teams_customers_alone(
    filled: asyncpg.Connection[Any],
) -> None:
    found = await plan(filled, MANAGER)
    assert "Seq Scan on accounts" not in found
