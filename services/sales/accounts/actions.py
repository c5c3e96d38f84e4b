"""Which customers a request may be for: as the mirror shows them, and as the customer service says
of those whose event may be on its way."""

from collections.abc import Awaitable, Callable, Mapping, Set
from typing import Any, Protocol

from services.chassis.caller import Scope, current_caller
from services.chassis.errors import DomainError, unavailable
from services.chassis.store import Store
from services.sales.accounts import messages, store
from services.sales.accounts.model import Customers

__all__ = ["Accounts", "CustomerStub"]

_ANSWER_SECONDS = 2.0


class CustomerStub(Protocol):
    """A CustomerServiceStub, as far as it is used here."""

    @property
    def BatchGetCustomers(self) -> Callable[..., Awaitable[Any]]: ...  # noqa: N802 - gRPC's name


class Accounts:
    """Looks customers up for what is written for them, before the transaction, which mustn't wait
    for anybody."""

    def __init__(self, database: Store, customers: CustomerStub | None) -> None:
        """Without a stub only the mirror is known."""
        self._store = database
        self._customers = customers

    async def in_sight(self, names: Set[str]) -> Customers:
        """Those in the caller's sight; the customer service is asked once for the others.

        Also for those that the mirror has and doesn't show the caller: what nobody knows and what
        is out of sight go the same way, so that nothing tells them apart. Raises UNAVAILABLE
        (CUSTOMERS_UNAVAILABLE) where the service can't be asked.
        """
        seen = await self._seen(names - {""})
        others = names - seen.keys() - {""}
        return Customers({**seen, **await self._asked(others)} if others else seen)

    async def in_sight_or_to_come(self, names: Set[str]) -> Customers:
        """For imports, whose rows may come before their customers: whoever the mirror doesn't
        have is taken for one to come, and nobody is asked.

        That is for callers who see everybody. Others can't tell who is to come from who is out of
        their sight, and have those that are `in_sight`.
        """
        if current_caller().scope is not Scope.ALL:
            return await self.in_sight(names)
        return Customers(await self._seen(names - {""}), may_be_unknown=True)

    async def _seen(self, names: Set[str]) -> dict[str, bool]:
        async with self._store.read() as tx:
            return await store.seen(tx, names)

    async def _asked(self, names: Set[str]) -> Mapping[str, bool]:
        """Of each of the customers that the caller sees, whether it is deleted."""
        if self._customers is None:
            raise _unavailable()
        try:
            reply = await self._customers.BatchGetCustomers(
                messages.question(names), timeout=_ANSWER_SECONDS
            )
        except DomainError as error:
            raise _unavailable() from error
        told = messages.answered_accounts(reply)
        return {each.customer: each.deleted for each in store.in_sight(current_caller(), told)}


def _unavailable() -> DomainError:
    return unavailable(
        "CUSTOMERS_UNAVAILABLE",
        "the customer is not known here yet, and the customer service can't be asked",
    )
