"""Runs: how one waits, goes on, fails, is tried again and ends."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

__all__ = ["Run", "RunKind", "RunState"]

_FIRST_PAUSE_SECONDS = 1
_LONGEST_PAUSE_SECONDS = 300


class RunKind(StrEnum):
    """What a run does."""

    RULES = "RULES"


class RunState(StrEnum):
    """Where a run stands."""

    QUEUED = "QUEUED"
    RUNNING = "RUNNING"
    DONE = "DONE"
    FAILED = "FAILED"


@dataclass(frozen=True, slots=True)
class Run:
    """Work over all customers, in the order of their names.

    It is done with everyone of its generation up to the name `through`.
    """

    name: str
    kind: RunKind
    rule: str
    state: RunState
    customers_done: int
    customers_total: int
    error: str
    create_time: datetime
    start_time: datetime | None
    end_time: datetime | None
    next_try_time: datetime | None
    tries: int
    generation: int | None
    through: str

    @classmethod
    def for_rule(cls, name: str, rule: str, *, at: datetime) -> "Run":
        """One that waits, to let a change of a rule take effect."""
        return cls(
            name=name,
            kind=RunKind.RULES,
            rule=rule,
            state=RunState.QUEUED,
            customers_done=0,
            customers_total=0,
            error="",
            create_time=at,
            start_time=None,
            end_time=None,
            next_try_time=None,
            tries=0,
            generation=None,
            through="",
        )

    def is_due(self, now: datetime) -> bool:
        """Whether there is something to do for it."""
        if self.state is RunState.FAILED:
            return self.next_try_time is None or self.next_try_time <= now
        return self.state is not RunState.DONE

    def begun(self, generation: int, customers: int, *, at: datetime) -> "Run":
        """At work, from the first of so many customers of a generation."""
        return replace(
            self,
            state=RunState.RUNNING,
            customers_done=0,
            customers_total=customers,
            error="",
            start_time=at,
            next_try_time=None,
            generation=generation,
            through="",
        )

    def went_on(self, through: str, customers: int) -> "Run":
        """Done with so many more, up to a name."""
        done = self.customers_done + customers
        # Customers may have come since it began.
        total = max(done, self.customers_total)
        return replace(self, customers_done=done, customers_total=total, through=through)

    def done(self, *, at: datetime) -> "Run":
        """Done with everyone; those who have gone since it began are not waited for."""
        return replace(self, state=RunState.DONE, customers_total=self.customers_done, end_time=at)

    def failed(self, error: str, *, at: datetime) -> "Run":
        """It could not go on, and is tried again after a pause that grows."""
        pause = min(_FIRST_PAUSE_SECONDS * 2 ** min(self.tries, 10), _LONGEST_PAUSE_SECONDS)
        return replace(
            self,
            state=RunState.FAILED,
            error=error,
            next_try_time=at + timedelta(seconds=pause),
            tries=self.tries + 1,
        )
