"""Notices that a log has been read as far as it went: what it told a mirror is put in use then, and
what it didn't tell of is gone, not earlier."""

import asyncio
from collections.abc import Awaitable, Callable

from services.chassis.caller import Caller
from services.chassis.events.cursors import Cursors
from services.chassis.store import Store, WriteTransaction

__all__ = ["Renewal"]


class Renewal:
    """Of one feed, in one process: once for each epoch, also after a start, since whoever began to
    read the log anew may not have lived to see its end."""

    def __init__(
        self,
        store: Store,
        cursors: Cursors,
        caller: Caller,
        on_log_read: Callable[[WriteTransaction], Awaitable[None]],
    ) -> None:
        self._store = store
        self._cursors = cursors
        self._caller = caller
        self._on_log_read = on_log_read
        self._epoch = ""
        self._head: int | None = None
        self._turn = asyncio.Lock()  # of the partitions, which may come to the end at once

    async def is_new(self, epoch: str) -> bool:
        """Whether a reader that begins finds what others derived of another log than this one."""
        async with self._store.read(caller=self._caller) as tx:
            return await self._cursors.were_of_another(tx, epoch=epoch)

    async def applied(self, position: int, *, epoch: str, head: int) -> None:
        """A partition is applied up to a position of the log that has this head."""
        if epoch != self._epoch:
            # Where it ended when it was first heard of: later ends may move on for ever.
            self._epoch, self._head = epoch, head
        async with self._turn:
            through = self._head
            if epoch != self._epoch or through is None or position < through:
                return
            if await self._is_read(epoch, through) and await self._tell(epoch, through):
                self._head = None

    async def _is_read(self, epoch: str, through: int) -> bool:
        async with self._store.read(caller=self._caller) as tx:
            return await self._cursors.have_read(tx, epoch=epoch, through=through)

    async def _tell(self, epoch: str, through: int) -> bool:
        """Whether it still holds in the transaction that puts in use what was told."""

        async def work(tx: WriteTransaction) -> bool:
            if not await self._cursors.have_read(tx, epoch=epoch, through=through):
                return False
            await self._on_log_read(tx)
            return True

        return await self._store.write(work, caller=self._caller)
