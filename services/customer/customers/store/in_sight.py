"""Of which customers the caller may keep something new: asked once for all that a request names."""

from collections.abc import Collection, Mapping, Set
from dataclasses import dataclass
from datetime import datetime

from services.chassis.errors import not_found, work_needed
from services.chassis.store import WriteTransaction
from services.customer.customers.model import expect_alive
from services.customer.customers.store.customers import delete_times, table

__all__ = ["InSight", "in_sight"]


@dataclass(frozen=True, slots=True)
class InSight:
    """The customers in the caller's sight that a request names, when they were deleted, and which
    of them the caller may only read."""

    delete_times: Mapping[str, datetime | None]
    only_read: Set[str]

    def __contains__(self, name: object) -> bool:
        return name in self.delete_times

    def expect(self, name: str) -> None:
        """Whether the caller may keep something new of the customer.

        Raises NOT_FOUND for one out of their sight, PERMISSION_DENIED (WORK_NEEDED) for one that
        they only read, FAILED_PRECONDITION (CUSTOMER_DELETED).
        """
        if name not in self:
            raise not_found(name)
        if name in self.only_read:
            raise work_needed(name)
        expect_alive(name, self.delete_times[name])


async def in_sight(tx: WriteTransaction, names: Collection[str]) -> InSight:
    """Those of the customers that the caller sees."""
    found = await delete_times(tx, names)
    return InSight(found, await tx.only_read(table, found))
