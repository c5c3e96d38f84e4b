"""Which customers there are, for a request: as the mirror has it, and as the customer service says
of those whose event may be on its way."""

from collections.abc import Awaitable, Callable, Mapping, Set
from typing import Any, Protocol

from services.chassis.caller import Caller
from services.chassis.errors import DomainError, Kind
from services.chassis.store import Store
from services.sales.accounts import messages, store
from services.sales.accounts.model import Customers

__all__ = ["Accounts", "CustomerStub"]

_SYSTEM = Caller.system("accounts")
_ANSWER_SECONDS = 2.0


class CustomerStub(Protocol):
    """A CustomerServiceStub, as far as it is used here."""

    @property
    def BatchGetCustomers(self) -> Callable[..., Awaitable[Any]]: ...  # noqa: N802 - gRPC's name


class Accounts:
    """Looks customers up for whoever writes orders."""

    def __init__(self, database: Store, customers: CustomerStub | None) -> None:
        """Without a stub only the mirror is known."""
        self._store = database
        self._customers = customers

    async def mirrored(self, names: Set[str]) -> Customers:
        """As the mirror has them; whoever isn't in it may come yet."""
        return Customers(await self._deleted(names), may_be_unknown=True)

    async def known(self, names: Set[str]) -> Customers:
        """As the mirror has them; the customer service is asked once for the others.

        Before the transaction that needs it, which mustn't wait for anybody. Raises UNAVAILABLE
        (CUSTOMERS_UNAVAILABLE) where the service can't be asked.
        """
        deleted = await self._deleted(names)
        unknown = names - deleted.keys() - {""}
        return Customers({**deleted, **await self._asked(unknown)} if unknown else deleted)

    async def _deleted(self, names: Set[str]) -> dict[str, bool]:
        async with self._store.read(caller=_SYSTEM) as tx:
            return await store.deleted(tx, names - {""})

    async def _asked(self, names: Set[str]) -> Mapping[str, bool]:
        """Of each of the customers that there are, whether it is deleted."""
        if self._customers is None:
            raise _unavailable()
        try:
            reply = await self._customers.BatchGetCustomers(
                messages.question(names), timeout=_ANSWER_SECONDS
            )
        except DomainError as error:
            raise _unavailable() from error
        return messages.deleted_of(reply)


def _unavailable() -> DomainError:
    return DomainError(
        Kind.UNAVAILABLE,
        "CUSTOMERS_UNAVAILABLE",
        "the customer is not known here yet, and the customer service can't be asked",
        retry_after_seconds=1.0,
    )
