"""Whom a request may give something to: as the mirror shows them, and as the directory says of
those whose event may be on its way."""

from collections.abc import Awaitable, Callable, Set
from typing import Any, Protocol

from services.chassis.errors import DomainError, unavailable
from services.chassis.store import Store
from services.customer.colleagues import messages, store
from services.customer.colleagues.model import Colleagues

__all__ = ["Directory", "PeopleStub"]

_ANSWER_SECONDS = 2.0
_USERS = "users/"


class PeopleStub(Protocol):
    """A PeopleServiceStub, as far as it is used here."""

    @property
    def BatchGetUsers(self) -> Callable[..., Awaitable[Any]]: ...  # noqa: N802 - gRPC's name


class Directory:
    """Looks people up to whom something is given, before the transaction, which mustn't wait for
    anybody."""

    def __init__(self, database: Store, people: PeopleStub | None) -> None:
        """Without a stub only the mirror is known."""
        self._store = database
        self._people = people

    async def look_up(self, names: Set[str]) -> Colleagues:
        """Those of the names that are in the directory, which is asked once for those whom the
        mirror lacks. Raises UNAVAILABLE (PEOPLE_UNAVAILABLE) where it can't be asked."""
        asked_for = {each for each in names if each.startswith(_USERS)}
        if not asked_for:
            return Colleagues({})
        async with self._store.read() as tx:
            active = await store.active_among(tx, asked_for)
            others = asked_for - active.keys()
            if others and await store.is_empty(tx):
                return Colleagues()
        return Colleagues({**active, **await self._asked(others)} if others else active)

    async def _asked(self, names: Set[str]) -> dict[str, bool]:
        if self._people is None:
            raise _unavailable()
        try:
            reply = await self._people.BatchGetUsers(
                messages.question(names), timeout=_ANSWER_SECONDS
            )
        except DomainError as error:
            raise _unavailable() from error
        return {each.name: each.active for each in messages.answered(reply)}


def _unavailable() -> DomainError:
    return unavailable(
        "PEOPLE_UNAVAILABLE",
        "who it is given to is not known here yet, and the directory of people can't be asked",
    )
