"""A statement that is larger than its database takes is told from one that only fails for now."""

from __future__ import annotations

import pytest
from sqlalchemy import column, select
from sqlalchemy.exc import DBAPIError

from services.chassis.events.reaction import is_passing, passes_in_time
from services.chassis.store.too_large import is_too_large
from tests.support.notes import SYSTEM, notes, opened
from tests.support.statements import too_large_for_any


async def test_it_stays_too_large_and_is_no_fault_of_an_event(database_url: str) -> None:
    async with opened(database_url) as store, store.read(caller=SYSTEM) as tx:
        with pytest.raises(DBAPIError) as failed:
            await tx.all(too_large_for_any())
    assert is_too_large(failed.value)
    assert is_passing(failed.value)
    assert not passes_in_time(failed.value)


async def test_one_that_fails_otherwise_is_not_too_large(database_url: str) -> None:
    async with opened(database_url) as store, store.read(caller=SYSTEM) as tx:
        with pytest.raises(DBAPIError) as failed:
            await tx.all(select(column("not_there")).select_from(notes))
    assert not is_too_large(failed.value)
    assert not is_too_large(ValueError("too many SQL variables"))
