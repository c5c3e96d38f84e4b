"""Works the stored runs off: every rule for everyone, slice by slice, once for all replicas.

A slice and how far its run is are one transaction, so a process that is killed leaves no slice half
done, and whoever comes next goes on behind it. Rules are read anew for each slice; a change that
comes while runs are at work has a run of its own, which begins when they are done.
"""

from functools import partial

import structlog

from services.chassis.background import repeat
from services.chassis.caller import Caller
from services.chassis.errors import DomainError, Kind
from services.chassis.events.reaction import passes_in_time
from services.chassis.store import Store, WriteTransaction
from services.insight.engine.aside import Asides
from services.insight.engine.evaluation import Evaluation
from services.insight.engine.measuring import CHUNK_CUSTOMERS, next_span
from services.insight.facts.store import count
from services.insight.feeds.store import active_generation, hold_basis, keeps_active
from services.insight.runs.actions import fail_runs, finish_runs
from services.insight.runs.model import Run, RunState
from services.insight.runs.store import lock, runs, unfinished
from services.insight.sources.store import EVERYONE

__all__ = ["StoredRuns"]

_LOOK_SECONDS = 0.1
_SYSTEM = Caller.system("run")

_log = structlog.get_logger("run")


class StoredRuns:
    """The background task that lets changed rules take effect for everyone."""

    def __init__(
        self, store: Store, evaluation: Evaluation, asides: Asides, derivation: str
    ) -> None:
        """`derivation` is this process's own: what another one derives is not for it to judge."""
        self._store = store
        self._derivation = derivation
        self._evaluation = evaluation
        self._asides = asides
        self._slice_customers = CHUNK_CUSTOMERS

    async def run(self) -> None:
        """Runs until cancelled."""
        await repeat("runs", self.step, every_seconds=_LOOK_SECONDS)

    async def step(self) -> bool:
        """Works off one slice, if any run is due; returns whether there is more."""
        if not await self._is_any_due():
            return False
        try:
            more = await self._store.write(self._work, caller=_SYSTEM)
        except Exception as error:
            if _is_conflict(error) and self._slice_customers > 1:
                # Events keep changing customers of this slice; of fewer they change fewer.
                self._slice_customers //= 2
                return True
            if passes_in_time(error):
                raise  # it is tried again, from where it was
            await self._fail(error)
            return False
        self._slice_customers = CHUNK_CUSTOMERS
        return more

    async def _is_any_due(self) -> bool:
        async with self._store.read(caller=_SYSTEM) as tx:
            due = any(run.is_due(tx.now) for run in await unfinished(tx))
            return due and await keeps_active(tx, self._derivation)

    async def _work(self, tx: WriteTransaction) -> bool:
        if not await keeps_active(tx, self._derivation):
            return False
        waiting = await unfinished(tx)
        # The oldest stands for all: another replica that is at work has it locked.
        if not waiting or not await lock(tx, waiting[0].name):
            return False
        generation = await active_generation(tx)
        at_work = [run for run in waiting if run.state is RunState.RUNNING]
        if not at_work or at_work[0].generation != generation:
            at_work = await self._begun(tx, waiting, generation)
        if not at_work:
            return False
        await self._work_slice(tx, generation, at_work)
        return True

    async def _begun(self, tx: WriteTransaction, waiting: list[Run], generation: int) -> list[Run]:
        """All that wait, the failed ones too, if any is due: one evaluation is everyone's."""
        if not any(run.is_due(tx.now) for run in waiting):
            return []
        customers = await count(tx, generation, EVERYONE)
        return [run.begun(generation, customers, at=tx.now) for run in waiting]

    async def _work_slice(self, tx: WriteTransaction, generation: int, at_work: list[Run]) -> None:
        after = at_work[0].through
        span = await next_span(tx, generation, after, self._slice_customers)
        follow = partial(self._evaluation.follow, tx, generation, active=True, by_event=True)
        await self._asides.attempt(tx, generation, span, follow)
        await hold_basis(tx)
        followed = await count(tx, generation, span)
        further = [run.went_on(span.last, followed) for run in at_work]
        if span.last == EVERYONE.last:
            await finish_runs(tx, further)
        else:
            await runs.save(tx, *further)

    async def _fail(self, error: Exception) -> None:
        _log.error("a run can't go on, and is tried again later", exc_info=error)
        message = f"{type(error).__name__}: {error}".splitlines()[0]
        await self._store.write(lambda tx: fail_runs(tx, message), caller=_SYSTEM)


def _is_conflict(error: Exception) -> bool:
    return isinstance(error, DomainError) and error.kind is Kind.ABORTED
