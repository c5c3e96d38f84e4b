"""Accounts in our own words: whose customer it is, and whether there can be
anything new for them."""

from collections.abc import Mapping, Set
from dataclasses import dataclass

from services.chassis.errors import failed_precondition, invalid, work_needed

__all__ = ["Account", "Customers"]


@dataclass(frozen=True, slots=True)
class Account:
    """One customer, as the event at `position` told; 0 where it was asked for."""

    customer: str
    owner: str
    team: str
    deleted: bool
    position: int


@dataclass(frozen=True, slots=True)
class Customers:
    """The customers in the caller's sight that a request speaks of, and whether each is deleted.

    `may_be_unknown` is for imports, whose rows may come before their customers.
    """

    seen: Mapping[str, bool]
    may_be_unknown: bool = False

    def expect(self, customer: str, only_read: Set[str]) -> None:
        """Whether the caller may write something new for the customer; `only_read` are those that
        they see and may not work on.

        Whoever names no customer passes, as a walk-in order does: what is always somebody's has
        it required by its contract or its model. Raises INVALID_ARGUMENT (CUSTOMER_NOT_FOUND),
        PERMISSION_DENIED (WORK_NEEDED), FAILED_PRECONDITION (CUSTOMER_DELETED).
        """
        if not customer:
            return
        if customer in only_read:
            raise work_needed(customer)
        if customer not in self.seen:
            if not self.may_be_unknown:
                raise invalid("customer", "CUSTOMER_NOT_FOUND", f"{customer} was not found")
        elif self.seen[customer]:
            raise failed_precondition(
                "CUSTOMER_DELETED", f"{customer} is deleted; undelete it first", resource=customer
            )
