"""Accounts in our own words: whose customer it is, and whether there can be orders for them."""

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
    """The customers in the caller's sight that a request speaks of: whether each is deleted.

    `may_be_unknown` is for imports, whose orders may come before their customers.
    """

    deleted: Mapping[str, bool]
    may_be_unknown: bool = False

    def expect(self, customer: str, read_only: Set[str]) -> None:
        """Raises INVALID_ARGUMENT (CUSTOMER_NOT_FOUND), PERMISSION_DENIED (WORK_NEEDED),
        FAILED_PRECONDITION (CUSTOMER_DELETED) where the caller can't order for the customer; a
        walk-in has none. `read_only` are those that the caller sees and may not work on."""
        if not customer:
            return
        if customer in read_only:
            raise work_needed(customer)
        if customer not in self.deleted:
            if not self.may_be_unknown:
                raise invalid("customer", "CUSTOMER_NOT_FOUND", f"{customer} was not found")
        elif self.deleted[customer]:
            raise failed_precondition(
                "CUSTOMER_DELETED", f"{customer} is deleted; undelete it first", resource=customer
            )
