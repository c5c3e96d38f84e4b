"""Sets customers aside that can't be evaluated, so that all others are followed.

What one customer's records, or a rule's words about them, make impossible (a date out of the
calendar, a number out of its range) fails for a batch of customers as a whole. The batch is halved
until that customer is alone; they are named in the log, counted, and tried again later.
"""

from collections.abc import Awaitable, Callable
from typing import Final

import structlog
from prometheus_client import Gauge

from services.chassis.metrics import Metrics
from services.chassis.store import WriteTransaction
from services.insight.feeds import store as feeds
from services.insight.sources.store import Few, Selection, known_names

__all__ = ["UNABLE", "Asides"]

UNABLE: Final = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)
"""What computing raises. Failures of the database and conflicts are none of it."""

# Beyond it, it isn't the customers.
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
    ) -> None:
        """Does all that follows from their records for the selected customers, and sets those
        aside with whom it fails; the others are so no more.

        Raises what work raises where it fails with too many: then it isn't the customers.
        """
        before = await feeds.names_aside(tx, generation)
        failed = await self._halve(tx, generation, who, work, frozenset(before))
        back = [name for name in before if name not in failed and who.includes(name)]
        await feeds.put_back(tx, generation, back)
        for name in back:
            _log.info("customer followed again", customer=name)
        self._show(len(set(before).difference(back).union(failed)))

    async def attempt(
        self,
        tx: WriteTransaction,
        generation: int,
        who: Selection,
        work: Callable[[Selection], Awaitable[None]],
    ) -> None:
        """As `follow`, for a part of it: who was set aside before stays so."""
        before = frozenset(await feeds.names_aside(tx, generation))
        self._show(len(before | await self._halve(tx, generation, who, work, before)))

    def _show(self, customers: int) -> None:
        if self._count is not None:
            self._count.set(customers)

    async def _halve(
        self,
        tx: WriteTransaction,
        generation: int,
        who: Selection,
        work: Callable[[Selection], Awaitable[None]],
        before: frozenset[str],
    ) -> set[str]:
        try:
            await work(who)
        except UNABLE as error:
            names = await known_names(tx, generation, who)
            if not names:
                raise
            if len(names) == 1:
                await self._set_aside(tx, generation, names[0], error, before)
                return set(names)
            failed = set()
            half = len(names) // 2
            for part in (names[:half], names[half:]):
                failed |= await self._halve(tx, generation, Few(part), work, before)
                if len(failed) > _MOST:
                    raise
            return failed
        return set()

    async def _set_aside(
        self,
        tx: WriteTransaction,
        generation: int,
        customer: str,
        error: Exception,
        before: frozenset[str],
    ) -> None:
        await feeds.set_aside(tx, generation, customer, f"{type(error).__name__}: {error}")
        if customer not in before:
            _log.error(
                "customer set aside: they can't be evaluated", customer=customer, exc_info=error
            )
