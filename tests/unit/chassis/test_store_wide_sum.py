"""Sums are exact on both engines, also where 64 bits don't hold them."""

import pytest
from sqlalchemy import BigInteger, literal, select, union_all

from services.chassis.store.wide_sum import wide_sum, wide_total
from tests.support.notes import SYSTEM, opened

LARGEST, SMALLEST = 2**63 - 1, -(2**63)


@pytest.mark.parametrize(
    "values",
    [
        (),
        (0, -1, 1, -1),
        (LARGEST, LARGEST, LARGEST),
        (SMALLEST, SMALLEST, -1),
        (LARGEST, SMALLEST, 9 * 10**18, -7),
    ],
)
async def test_a_sum_is_that_of_the_values(database_url: str, values: tuple[int, ...]) -> None:
    rows = union_all(
        *(select(literal(each, BigInteger()).label("amount"), literal(1)) for each in values),
        select(literal(0, BigInteger()).label("amount"), literal(0)).where(literal(False)),
    ).subquery()
    amount = rows.c.amount
    async with opened(database_url) as store, store.read(caller=SYSTEM) as tx:
        (row,) = await tx.unscoped().all(select(*wide_sum(amount, "amount")).select_from(rows))
    assert wide_total(row, "amount") == sum(values)
