"""Accounts in our own words: whose customer it is, and whether there can be orders for them."""

from collections.abc import Mapping, Set
from dataclasses import dataclass

from services.chassis.errors import DomainError, failed_precondition, invalid, work_needed

__all__ = ["Account", "Customers", "Limits"]


@dataclass(frozen=True, slots=True)
class Account:
    """One customer, as the event at `position` told."""

    customer: str
    owner: str
    team: str
    deleted: bool
    position: int


@dataclass(frozen=True, slots=True)
class Limits:
    """Customers that a caller doesn't see, and those that they see and may not work on."""

    unseen: Set[str]
    read_only: Set[str]


@dataclass(frozen=True, slots=True)
class Customers:
    """The customers that a request speaks of: whether each that is known is deleted.

    `may_be_unknown` is for imports, whose orders may come before their customers.
    """

    deleted: Mapping[str, bool]
    may_be_unknown: bool = False

    def expect(self, customer: str, limits: Limits) -> None:
        """Raises INVALID_ARGUMENT (CUSTOMER_NOT_FOUND), PERMISSION_DENIED (WORK_NEEDED),
        FAILED_PRECONDITION (CUSTOMER_DELETED) where the caller can't order for the customer; a
        walk-in has none."""
        if not customer:
            return
        if customer in limits.unseen:
            raise _not_found(customer)
        if customer in limits.read_only:
            raise work_needed(customer)
        if customer not in self.deleted:
            if not self.may_be_unknown:
                raise _not_found(customer)
        elif self.deleted[customer]:
            raise failed_precondition(
                "CUSTOMER_DELETED", f"{customer} is deleted; undelete it first", resource=customer
            )


def _not_found(customer: str) -> DomainError:
    return invalid("customer", "CUSTOMER_NOT_FOUND", f"{customer} was not found")
