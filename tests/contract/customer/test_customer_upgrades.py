"""What becomes of customers who were there before a migration."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from guanxi.customer.v1.customers_pb2 import Customer, GetCustomerRequest, UpdateCustomerRequest
from sqlalchemy.engine import make_url

from services.chassis.store.migrate import migrate, on_database
from tests.support.databases import Databases
from tests.support.office import Office
from tests.support.revisions import as_of
from tests.support.searches import found_by, indexed
from tests.support.services import running_service

# As version colleagues_0001 wrote them; times are microseconds.
_TEXTS = {
    "kind": "PERSON",
    "display_name": "Ann",
    "display_name_key": "ann",
    "phones": '["+44 20 7946 0000","Tür \\"2\\" 12"]',
    "phones_key": '["442079460000","212"]',
    "emails": '["Ann@example.org"]',
    "emails_key": '["ann@example.org"]',
    "industry": "",
    "region": "",
    "lifecycle_stage": "LEAD",
    "owner": "",
    "team": "",
    "source": "",
    "referred_by": "",
    "parent_organization": "",
    "labels": "{}",
    "etag": "1",
}
_ROW: dict[str, Any] = _TEXTS | {
    "first_seen_time": 0,
    "create_time": 0,
    "update_time": 0,
    "fingerprint": b"",
}


def fill(connection: sa.Connection) -> None:
    """1,500 customers, `customers/0000` and so on."""
    table = sa.table("customers", *(sa.column(name) for name in ("name", *_ROW)))
    rows = [{"name": f"customers/{number:04}", **_ROW} for number in range(1_500)]
    connection.execute(table.insert(), rows)
    connection.commit()


async def test_phones_and_emails_written_before_they_had_kinds_are_read_as_they_were(
    databases: Databases, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = databases.new()
    await migrate(url, as_of(tmp_path, monkeypatch, "customer", "colleagues_0001"))

    await on_database(make_url(url), fill)
    await migrate(url, "services.customer")
    async with running_service("customer", url) as service:
        desk = await Office(service).desk()
        for id in ("0000", "0999", "1000", "1499"):
            name = f"customers/{id}"
            known = await desk.customers.GetCustomer(GetCustomerRequest(name=name))
            assert [each.number for each in known.phones] == ["+44 20 7946 0000", 'Tür "2" 12']
            assert [each.address for each in known.emails] == ["Ann@example.org"]
            changed = await desk.customers.UpdateCustomer(
                UpdateCustomerRequest(customer=Customer(name=name, region="North"))
            )
            read = [each.canonical_number for each in changed.phones]
            assert read == ["+442079460000", ""]
            assert changed.emails[0].canonical_address == "ann@example.org"


async def test_customers_who_were_there_before_the_search_are_found_in_a_while(
    databases: Databases, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = databases.new()
    await migrate(url, as_of(tmp_path, monkeypatch, "customer", "colleagues_0001"))
    await on_database(make_url(url), fill)
    await migrate(url, "services.customer")
    async with running_service("customer", url) as service:
        desk = await Office(service).desk()
        await indexed(service.store)
        assert await found_by(desk, "customers/0742") == ["0742"]
        for typed in ("ann", "0000", "ann@example.org"):
            assert len(await found_by(desk, typed, 50)) == 50
