"""Who a caller is to the directory of people (`guanxi.sales.v1.PeopleService`): whether they still
work here, and for which teams. Fresh within seconds, and asked once for all of a caller's calls."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Final, Protocol

import structlog
from guanxi.sales.v1.people_pb2 import LookUpReachRequest

from gateway.signin.keys import ApiKey
from services.chassis.errors import DomainError, Kind, unauthenticated, unavailable

__all__ = ["People", "PeopleStub"]

_FRESH_SECONDS: Final = 3.0
_ANSWER_SECONDS: Final = 1.0
_CALLERS_KEPT: Final = 8_192

_log = structlog.get_logger(__name__)


class PeopleStub(Protocol):
    """A PeopleServiceStub, as far as it is used here."""

    @property
    def LookUpReach(self) -> Callable[..., Awaitable[Any]]: ...  # noqa: N802 - gRPC's name


@dataclass(frozen=True, slots=True)
class _Known:
    """What the directory said of a caller. Of whom it doesn't have it says nothing."""

    known: bool
    active: bool
    teams: tuple[str, ...]
    fresh_until: float


class People:
    """Asks the directory who callers are, and remembers it for three seconds.

    While it can't be asked, what it said last goes on; a caller of whom it has never spoken waits
    until it can, for nobody else knows whether they still work here.
    """

    def __init__(
        self, stub: PeopleStub, *, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._stub = stub
        self._monotonic = monotonic
        self._known: dict[str, _Known] = {}
        self._asking: dict[str, asyncio.Task[_Known]] = {}

    async def settle(self, subject: str) -> None:
        """Learns who the caller is, unless it is known.

        Raises UNAUTHENTICATED (USER_INACTIVE) for who has left, UNAVAILABLE (PEOPLE_UNAVAILABLE)
        where nobody can say.
        """
        known = self._known.get(subject)
        if known is None or known.fresh_until <= self._monotonic():
            known = await self._ask_once(subject)
        if known.known and not known.active:
            raise unauthenticated("USER_INACTIVE", f"{subject} works here no more")

    def teams_of(self, key: ApiKey) -> tuple[str, ...]:
        """The teams of the key's holder, who is settled: the directory's, or of whom it doesn't
        have the key's own."""
        known = self._known.get(key.subject)
        return known.teams if known is not None and known.known else key.teams

    async def _ask_once(self, subject: str) -> _Known:
        asking = self._asking.get(subject)
        if asking is None:
            asking = self._asking[subject] = asyncio.create_task(self._ask(subject))
            asking.add_done_callback(partial(self._asked, subject))
        # Whoever goes away doesn't take the answer from the others.
        return await asyncio.shield(asking)

    def _asked(self, subject: str, asking: asyncio.Task[_Known]) -> None:
        del self._asking[subject]
        if not asking.cancelled():
            asking.exception()  # that those who waited for it have gone is no error

    async def _ask(self, subject: str) -> _Known:
        request = LookUpReachRequest(name=subject)
        fresh_until = self._monotonic() + _FRESH_SECONDS
        try:
            reach = await self._stub.LookUpReach(request, timeout=_ANSWER_SECONDS)
        except DomainError as error:
            last = self._known.get(subject)
            _log.warning("people_not_asked", reason=error.reason, known=last is not None)
            if last is not None:
                known = replace(last, fresh_until=fresh_until)
            elif error.kind is Kind.UNIMPLEMENTED:  # by a version that has no directory
                known = _Known(known=False, active=False, teams=(), fresh_until=fresh_until)
            else:
                raise _unavailable() from error
        else:
            known = _Known(reach.known, reach.active, tuple(reach.teams), fresh_until)
        self._keep(subject, known)
        return known

    def _keep(self, subject: str, known: _Known) -> None:
        """In the place of whom was asked for longest ago: whoever is settled stays so for their
        call, and isn't taken for one whom the directory doesn't have."""
        self._known.pop(subject, None)
        if len(self._known) >= _CALLERS_KEPT:
            del self._known[next(iter(self._known))]
        self._known[subject] = known


def _unavailable() -> DomainError:
    return unavailable(
        "PEOPLE_UNAVAILABLE",
        "who you are here can't be looked up: the sales service, which keeps the directory of "
        "people, doesn't answer",
    )
