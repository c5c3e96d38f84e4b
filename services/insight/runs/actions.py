"""What can be done with runs, on an open transaction: asked for by changes, worked off, failed."""

from collections.abc import Sequence
from datetime import timedelta

from services.chassis.store import WriteTransaction
from services.insight.runs.model import Run, RunState
from services.insight.runs.store import remove_ended, runs, unfinished

__all__ = ["fail_runs", "finish_runs", "queue_run"]

_KEPT = timedelta(days=30)


async def queue_run(tx: WriteTransaction, rule: str) -> Run:
    """Asks for a run that lets the change of a rule take effect. It begins after the commit."""
    run = Run.for_rule(f"runs/{tx.new_id()}", rule, at=tx.now)
    await runs.insert(tx, [run])
    return run


async def finish_runs(tx: WriteTransaction, done: Sequence[Run]) -> None:
    """Ends runs that are done with everyone, and forgets those that ended long ago."""
    await runs.save(tx, *(run.done(at=tx.now) for run in done))
    await remove_ended(tx, tx.now - _KEPT)


async def fail_runs(tx: WriteTransaction, error: str) -> None:
    """Those at work could not go on; where none are, those that are due could not begin."""
    due = [run for run in await unfinished(tx) if run.is_due(tx.now)]
    at_work = [run for run in due if run.state is RunState.RUNNING]
    await runs.save(tx, *(run.failed(error, at=tx.now) for run in at_work or due))
