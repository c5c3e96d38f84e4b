"""Sets customers aside that can't be evaluated, so that all others are followed.

What one customer's records, or a rule's words about them, make impossible (a date out of the
calendar, a number out of its range) fails for a batch of customers as a whole. The batch is halved
until that customer is alone; they are named in the log, counted, and tried again later.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Final

import structlog
from prometheus_client import Gauge

from services.chassis.metrics import Metrics
from services.chassis.store import ReadTransaction, WriteTransaction
from services.insight.feeds import store as feeds
from services.insight.sources.store import Few, Selection, known_names

__all__ = ["UNABLE", "Asides"]

UNABLE: Final = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)
"""What computing raises. Failures of the database and conflicts are none of it."""

# Beyond it, in a generation, it isn't the customers.
_MOST: Final = 100

_log = structlog.get_logger("aside")


class Asides:
    """Who is set aside, as the store, the log and the metrics have it."""

    def __init__(self, metrics: Metrics | None = None) -> None:
        self._count = (
            Gauge(
                "guanxi_insight_set_aside_customers",
                "Customers that could not be evaluated and were set aside.",
                registry=metrics.registry,
            )
            if metrics
            else None
        )

    async def follow(
        self,
        tx: WriteTransaction,
        generation: int,
        who: Selection,
        work: Callable[[Selection], Awaitable[None]],
        *,
        however_many: bool = False,
    ) -> None:
        """Does all that follows from their records for the selected customers, and sets those
        aside with whom it fails; the others are so no more.

        Raises what work raises where more customers would be set aside than may be, unless they
        may be `however_many`: then it isn't the customers.
        """
        attempt = await _begin(tx, generation, work, who, however_many=however_many)
        await attempt.halve(who)
        back = sorted(attempt.before - attempt.failed)
        await feeds.put_back(tx, generation, back)
        for name in back:
            _log.info("customer followed again", customer=name)
        if attempt.failed or back:
            await self.show(tx, generation)

    async def attempt(
        self,
        tx: WriteTransaction,
        generation: int,
        who: Selection,
        work: Callable[[Selection], Awaitable[None]],
        *,
        however_many: bool = False,
    ) -> None:
        """As `follow`, for a part of it: who was set aside before stays so."""
        attempt = await _begin(tx, generation, work, who, however_many=however_many)
        await attempt.halve(who)
        if attempt.failed:
            await self.show(tx, generation)

    async def show(self, tx: ReadTransaction, generation: int) -> None:
        """Brings the metric up to date."""
        if self._count is not None:
            self._count.set(await feeds.count_aside(tx, generation))


async def _begin(
    tx: WriteTransaction,
    generation: int,
    work: Callable[[Selection], Awaitable[None]],
    who: Selection,
    *,
    however_many: bool,
) -> "_Attempt":
    before = frozenset(await feeds.names_aside(tx, generation, who))
    return _Attempt(tx, generation, work, before, however_many)


@dataclass(slots=True)
class _Attempt:
    """One try of some work, and with whom it fails; `before` are those who were aside already."""

    tx: WriteTransaction
    generation: int
    work: Callable[[Selection], Awaitable[None]]
    before: frozenset[str]
    however_many: bool
    failed: set[str] = field(default_factory=set)

    async def halve(self, who: Selection) -> None:
        """Does the work, for all at once or for ever fewer."""
        try:
            await self.work(who)
        except UNABLE as error:
            names = await known_names(self.tx, self.generation, who)
            if not names:
                raise
            if len(names) == 1:
                await self._set_aside(names[0], error)
                return
            half = len(names) // 2
            for part in (names[:half], names[half:]):
                await self.halve(Few(part))

    async def _set_aside(self, customer: str, error: Exception) -> None:
        self.failed.add(customer)
        await feeds.set_aside(
            self.tx, self.generation, customer, f"{type(error).__name__}: {error}"
        )
        if customer in self.before:
            return
        # Counted anew each time: it is rare, and others may set aside, too.
        if not self.however_many and await feeds.count_aside(self.tx, self.generation) > _MOST:
            raise error
        _log.error("customer set aside: they can't be evaluated", customer=customer, exc_info=error)
