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
# A directory that answers does so within milliseconds. Whoever was told of lately is not held up by
# one that doesn't: this long for a newer answer, then the last one goes.
_PATIENCE_SECONDS: Final = 0.1
# Older answers have been overtaken more often: for a newer one it is worth the whole second.
_LATELY_SECONDS: Final = 30.0
# From when it kept somebody waiting: longer than an answer is fresh and the next takes to fail, so
# that whoever calls all the time waits once in an outage.
_SILENT_SECONDS: Final = _FRESH_SECONDS + _ANSWER_SECONDS + 1.0
_CALLERS_KEPT: Final = 8_192

_log = structlog.get_logger(__name__)


class PeopleStub(Protocol):
    """A PeopleServiceStub, as far as it is used here."""

    @property
    def LookUpReach(self) -> Callable[..., Awaitable[Any]]: ...  # noqa: N802 - gRPC's name


@dataclass(frozen=True, slots=True)
class _Known:
    """What the directory said of a caller, when, and until when it isn't asked again. Of whom it
    doesn't have it says nothing."""

    known: bool
    active: bool
    teams: tuple[str, ...]
    told_at: float
    fresh_until: float


class People:
    """Asks the directory who callers are, and remembers it for three seconds.

    While it can't be asked, what it said last goes on; a caller of whom it has never spoken isn't
    let in until it can, for nobody else knows whether they still work here. One that says nothing
    holds up whom it has spoken of for a moment, and then nobody until it answers.
    """

    def __init__(
        self, stub: PeopleStub, *, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._stub = stub
        self._monotonic = monotonic
        self._known: dict[str, _Known] = {}
        self._asking: dict[str, asyncio.Task[_Known]] = {}
        self._silent_until = 0.0

    async def settle(self, subject: str) -> None:
        """Learns who the caller is, unless it is known.

        Raises UNAUTHENTICATED (USER_INACTIVE) for who has left, UNAVAILABLE (PEOPLE_UNAVAILABLE)
        where nobody can say.
        """
        known = self._known.get(subject)
        if known is None:
            # Whoever goes away doesn't take the answer from the others.
            known = await asyncio.shield(self._ask_once(subject))
        elif known.fresh_until <= self._monotonic():
            known = await self._renewed(subject, known)
        if known.known and not known.active:
            raise unauthenticated("USER_INACTIVE", f"{subject} works here no more")

    def teams_of(self, key: ApiKey) -> tuple[str, ...]:
        """The teams of the key's holder, who is settled: the directory's, or of whom it doesn't
        have the key's own."""
        known = self._known.get(key.subject)
        return known.teams if known is not None and known.known else key.teams

    async def _renewed(self, subject: str, last: _Known) -> _Known:
        """What the directory says now, or, where it takes its time, what it said last."""
        asking = self._ask_once(subject)
        now = self._monotonic()
        if now >= self._silent_until:
            lately = now - last.told_at < _LATELY_SECONDS
            patience = _PATIENCE_SECONDS if lately else _ANSWER_SECONDS
            answered, _ = await asyncio.wait([asking], timeout=patience)
            if not answered:
                self._silent_until = now + _SILENT_SECONDS
        return self._known.get(subject, last)

    def _ask_once(self, subject: str) -> asyncio.Task[_Known]:
        asking = self._asking.get(subject)
        if asking is None:
            asking = self._asking[subject] = asyncio.create_task(self._ask(subject))
            asking.add_done_callback(partial(self._asked, subject))
        return asking

    def _asked(self, subject: str, asking: asyncio.Task[_Known]) -> None:
        del self._asking[subject]
        if not asking.cancelled():
            asking.exception()  # that those who waited for it have gone is no error

    async def _ask(self, subject: str) -> _Known:
        request = LookUpReachRequest(name=subject)
        now = self._monotonic()
        fresh_until = now + _FRESH_SECONDS
        try:
            reach = await self._stub.LookUpReach(request, timeout=_ANSWER_SECONDS)
        except DomainError as error:
            last = self._known.get(subject)
            _log.warning("people_not_asked", reason=error.reason, known=last is not None)
            if error.kind is Kind.DEADLINE_EXCEEDED:
                self._silent_until = self._monotonic() + _SILENT_SECONDS
            if last is not None:
                known = replace(last, fresh_until=fresh_until)
            elif error.kind is Kind.UNIMPLEMENTED:  # by a version that has no directory
                known = _Known(False, False, (), now, fresh_until)
            else:
                raise _unavailable() from error
        else:
            self._silent_until = 0.0
            known = _Known(reach.known, reach.active, tuple(reach.teams), now, fresh_until)
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
