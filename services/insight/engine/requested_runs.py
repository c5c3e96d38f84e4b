"""Runs of segmentation that people ask for: one for all who wait, of the generation in use then."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass

import structlog

from services.chassis.caller import Caller
from services.chassis.store import Store
from services.insight.engine.segmenting import Overtaken, Segmenting, alone_for_everyone
from services.insight.feeds.actions import expect_kept
from services.insight.segments.model import Segmentation
from services.insight.segments.store import latest

__all__ = ["RequestedRuns"]

_SYSTEM = Caller.system("run")

_log = structlog.get_logger("run")


@dataclass(slots=True)
class _Asked:
    """A run that was asked for, and how many wait for it."""

    answer: asyncio.Future[Segmentation]
    waiting: int = 0

    def go_on(self) -> None:
        """Raises NobodyWaits."""
        if not self.waiting:
            raise NobodyWaits


class NobodyWaits(Exception):
    """Those who asked for a run have gone."""


class RequestedRuns:
    """Makes them in turn with all other runs of this process."""

    def __init__(self, store: Store, segmenting: Segmenting, derivation: str) -> None:
        """`derivation` is this process's own: what another one keeps is not for it to run over."""
        self._store = store
        self._segmenting = segmenting
        self._derivation = derivation
        self._next: _Asked | None = None
        self._asked = asyncio.Event()

    async def request(self) -> Segmentation:
        """The next run of the generation in use, made by `answer_all`. Whoever asks until it
        begins gets the same one; where they have all gone by then, it isn't made.

        Raises UNAVAILABLE (ANOTHER_VERSION_IN_USE).
        """
        if self._next is None:
            self._next = _Asked(asyncio.get_running_loop().create_future())
            self._asked.set()
        asked = self._next
        asked.waiting += 1
        try:
            return await asyncio.shield(asked.answer)
        finally:
            asked.waiting -= 1

    async def answer_all(self) -> None:
        """Makes the runs that are asked for, until cancelled."""
        while True:
            await self._asked.wait()
            async with self._segmenting.one_at_a_time:
                asked, self._next = self._next, None
                self._asked.clear()
                if asked is not None:
                    await self._answer(asked)

    async def _answer(self, asked: _Asked) -> None:
        try:
            asked.answer.set_result(await self._in_force_after(asked))
        except Exception as error:
            if asked.waiting:
                asked.answer.set_exception(error)
            else:
                _log.info("nobody waits for the run any more", error=repr(error))
                asked.answer.cancel()

    async def _in_force_after(self, asked: _Asked) -> Segmentation:
        """What is in force after a run of the generation in use. It waits for no other replica's:
        that one ends instead."""
        while True:
            generation = await self._in_use()
            # Held where it is free, so that no other replica begins one of its own meanwhile.
            async with self._store.alone(alone_for_everyone(generation)):
                with suppress(Overtaken):
                    await self._segmenting.run_in_turn(generation, asked.go_on)
            async with self._store.read(caller=_SYSTEM) as tx:
                run = await latest(tx, generation)
            if run is not None and await self._in_use() == generation:
                return run

    async def _in_use(self) -> int:
        """Asked anew when a run begins: what it waited for may have been a rebuild's end."""
        async with self._store.read(caller=_SYSTEM) as tx:
            return await expect_kept(tx, self._derivation)
