"""Rebuilds, on an open transaction; the servicer and the followers of the feeds share it."""

from services.chassis.errors import DomainError, not_found, unavailable
from services.chassis.store import ReadTransaction, WriteTransaction
from services.insight.feeds import store
from services.insight.feeds.model import Rebuild, RebuildState

__all__ = [
    "ask_for_rebuild",
    "expect_kept",
    "expect_replayable",
    "finish_rebuild",
    "follow_derivation",
    "give_up_rebuild",
    "start_over",
    "start_rebuild",
]


async def follow_derivation(tx: WriteTransaction, derivation: str) -> Rebuild | None:
    """What a start does: where the state in use was derived otherwise, it is rebuilt.

    The version that started last is the one that counts: after an upgrade as after a way back,
    whose own state may still be in use.
    """
    if await store.active_derivation(tx) != derivation:
        return await start_rebuild(tx, derivation)
    last = await store.last_rebuild(tx)
    if last is not None and last.derivation != derivation:
        await _give_up_for_another_version(tx, last)
    return None


async def ask_for_rebuild(tx: WriteTransaction, derivation: str) -> Rebuild:
    """Starts a rebuild, or returns the one that runs.

    Raises UNAVAILABLE (ANOTHER_VERSION_IN_USE), also where that version's own rebuild runs.
    """
    await expect_kept(tx, derivation)
    last = await store.last_rebuild(tx)
    if last is not None and last.running and last.derivation != derivation:
        raise _another_version()
    return await start_rebuild(tx, derivation)


async def expect_kept(tx: ReadTransaction, derivation: str) -> int:
    """The generation in use, which processes of a derivation may write to.

    Raises UNAVAILABLE (ANOTHER_VERSION_IN_USE): while versions run side by side, the other one's
    processes may.
    """
    if not await store.keeps_active(tx, derivation):
        raise _another_version()
    return await store.active_generation(tx)


async def expect_replayable(tx: ReadTransaction, event: str, derivation: str) -> int:
    """The generation that has parked an event: the one in use, or the one that is being rebuilt.

    Raises NOT_FOUND, UNAVAILABLE (ANOTHER_VERSION_IN_USE).
    """
    generation = await store.parked_by(tx, event)
    rebuild = await store.last_rebuild(tx)
    if rebuild is not None and rebuild.running and rebuild.generation == generation:
        if rebuild.derivation != derivation:
            raise _another_version()
        return rebuild.generation
    active = await expect_kept(tx, derivation)
    if generation != active:
        raise not_found(f"parked event {event}")
    return active


async def start_rebuild(tx: WriteTransaction, derivation: str) -> Rebuild:
    """Starts a rebuild into a generation of its own, or returns the one that runs."""
    last = await store.last_rebuild(tx)
    if last is not None and last.running:
        if last.derivation == derivation:
            return last
        await _give_up_for_another_version(tx, last)
    newest = max(await store.active_generation(tx), last.generation if last else 0)
    rebuild = Rebuild(
        generation=newest + 1,
        derivation=derivation,
        state=RebuildState.RUNNING,
        applied_events=0,
        total_events=0,
        start_time=tx.now,
        end_time=None,
        error="",
    )
    await store.rebuilds.insert(tx, [rebuild])
    return rebuild


async def start_over(tx: WriteTransaction, generation: int, feed: str, derivation: str) -> None:
    """A feed has become another log: what `generation` derived from it is rebuilt.

    Where several generations read, each finds out for itself, in any order: a rebuild that had
    begun on the old log is given up by its own reader, and one that has begun since is joined.
    """
    await store.mark_outdated(tx, generation)
    await give_up_rebuild(tx, generation, f"the event log of {feed} was replaced meanwhile")
    await start_rebuild(tx, derivation)


async def finish_rebuild(tx: WriteTransaction, generation: int, events: int) -> bool:
    """Gives answers from the rebuilt generation; False where that has been settled already."""
    rebuild = await _running(tx, generation)
    if rebuild is None:
        return False
    active = await store.active_generation(tx)
    if not await store.use_generation(tx, generation, rebuild.derivation, instead_of=active):
        return False
    await store.rebuilds.save(tx, rebuild.done(events, tx.now))
    return True


async def give_up_rebuild(tx: WriteTransaction, generation: int, error: str) -> None:
    """Ends the rebuild of a generation, if it is running."""
    rebuild = await _running(tx, generation)
    if rebuild is not None:
        await store.rebuilds.save(tx, rebuild.failed(error, tx.now))


def _another_version() -> DomainError:
    return unavailable(
        "ANOTHER_VERSION_IN_USE",
        "another version of this service has started since, which derives otherwise: that is for "
        "its processes to do",
    )


async def _give_up_for_another_version(tx: WriteTransaction, rebuild: Rebuild) -> None:
    await give_up_rebuild(
        tx, rebuild.generation, "a version that derives otherwise has started meanwhile"
    )


async def _running(tx: WriteTransaction, generation: int) -> Rebuild | None:
    last = await store.last_rebuild(tx)
    return last if last and last.running and last.generation == generation else None
