"""A small service's store for tests of sight: clients with collaborators and a pool, and what is
kept of them: calls seen as their client is, visits with an assignee, bills of walk-ins; and
sheets that their owners share or keep to themselves."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import sqlalchemy as sa
from sqlalchemy import Column, PrimaryKeyConstraint, Table, insert

from services.chassis.caller import Caller, Scope
from services.chassis.ids import Uuid7Ids
from services.chassis.store import (
    Name,
    Named,
    OfCustomer,
    Owned,
    Shared,
    Store,
    Through,
    WriteTransaction,
    chassis_tables,
    new_metadata,
)
from tests.support.notes import StoppedClock

SYSTEM = Caller.system("tests")
NORTH = ("teams/north",)


def rep(name: str, scope: Scope = Scope.OWN) -> Caller:
    return Caller(f"users/{name}", ("rep",), NORTH, scope)


metadata = new_metadata()
chassis_tables(metadata)
clients = Table(
    "clients",
    metadata,
    Column("name", Name, primary_key=True),
    Column("owner", Name, nullable=False),
    Column("team", Name, nullable=False),
    Column("pool", Name, nullable=False, default=""),
    Column("text", sa.Text, nullable=False, default=""),
    info={
        "sight": Owned(
            "owner",
            "team",
            named=(
                Named("client_collaborators", "client", access="access"),
                Named("pool_members", "pool", key="pool"),
            ),
        )
    },
)
collaborators = Table(
    "client_collaborators",
    metadata,
    Column("client", Name, nullable=False),
    Column("subject", Name, nullable=False),
    Column("access", Name, nullable=False),
    PrimaryKeyConstraint("client", "subject"),
    info={"sight": Through("client", "clients")},
)
members = Table(
    "pool_members",
    metadata,
    Column("pool", Name, nullable=False),
    Column("subject", Name, nullable=False),
    PrimaryKeyConstraint("pool", "subject"),
    info={"sight": Shared()},
)
calls = Table(
    "calls",
    metadata,
    Column("name", Name, primary_key=True),
    Column("client", Name, nullable=False),
    Column("text", sa.Text, nullable=False, default=""),
    info={"sight": Through("client", "clients")},
)
visits = Table(
    "visits",
    metadata,
    Column("name", Name, primary_key=True),
    Column("client", Name, nullable=False),
    Column("assignee", Name, nullable=False, default=""),
    Column("text", sa.Text, nullable=False, default=""),
    info={"sight": OfCustomer("client", "clients", assignee="assignee")},
)
bills = Table(
    "bills",
    metadata,
    Column("name", Name, primary_key=True),
    Column("client", Name, nullable=False),
    Column("seller", Name, nullable=False),
    Column("team", Name, nullable=False),
    Column("text", sa.Text, nullable=False, default=""),
    info={"sight": OfCustomer("client", "clients", alone=Owned("seller", "team"))},
)
bill_lines = Table(
    "bill_lines",
    metadata,
    Column("name", Name, primary_key=True),
    Column("bill", Name, nullable=False),
    Column("text", sa.Text, nullable=False, default=""),
    info={"sight": Through("bill", "bills")},
)
sheets = Table(
    "sheets",
    metadata,
    Column("name", Name, primary_key=True),
    Column("owner", Name, nullable=False),
    Column("shared", sa.Boolean, nullable=False),
    Column("text", sa.Text, nullable=False, default=""),
    info={"sight": Owned("owner", shared="shared")},
)
# Of every client a row in every table; two bills without one, and one whose client isn't here yet.
CLIENTS = {
    "anns": ("users/ann", "teams/north", ""),
    "bobs": ("users/bob", "teams/north", ""),
    "carls": ("users/carl", "teams/south", ""),
    "pooled": ("", "teams/south", "pools/leads"),
    "alone": ("users/yuri", "", ""),
}
SHEETS = (("ann", "users/ann", False), ("bob", "users/bob", False), ("all", "users/bob", True))


@asynccontextmanager
async def opened_clients(url: str) -> AsyncIterator[Store]:
    """ann owns `anns`, reads `bobs` and works on `carls`; dora is a member of the pool; eve visits
    carls' client and is a stranger to all else."""
    store = await Store.open(url, metadata=metadata, clock=StoppedClock(), ids=Uuid7Ids())
    try:
        await store.create_tables()
        await store.write(_fill, caller=SYSTEM)
        yield store
    finally:
        await store.close()


async def _fill(tx: WriteTransaction) -> None:
    for name, (owner, team, pool) in CLIENTS.items():
        row = {"name": name, "owner": owner, "team": team, "pool": pool}
        await tx.run(insert(clients).values(row))
        await tx.run(insert(calls).values(name=f"call-{name}", client=name))
        visitor = "users/eve" if name == "carls" else ""
        await tx.run(insert(visits).values(name=f"visit-{name}", client=name, assignee=visitor))
        await _add_bill(tx, name, client=name, seller="users/zoe")
    await _add_bill(tx, "walkin-ann", client="", seller="users/ann")
    await _add_bill(tx, "walkin-zoe", client="", seller="users/zoe")
    await _add_bill(tx, "early-ann", client="coming", seller="users/ann")
    for name, owner, shared in SHEETS:
        await tx.run(insert(sheets).values(name=f"sheet-{name}", owner=owner, shared=shared))
    for client, access in (("bobs", "READ"), ("carls", "WORK")):
        row = {"client": client, "subject": "users/ann", "access": access}
        await tx.run(insert(collaborators).values(row))
    await tx.run(insert(members).values(pool="pools/leads", subject="users/dora"))


async def _add_bill(tx: WriteTransaction, name: str, *, client: str, seller: str) -> None:
    row = {"name": f"bill-{name}", "client": client, "seller": seller, "team": "teams/east"}
    await tx.run(insert(bills).values(row))
    await tx.run(insert(bill_lines).values(name=f"line-{name}", bill=f"bill-{name}"))
