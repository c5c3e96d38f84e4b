"""Reads another service's event log: pulls, applies, and moves the cursor in the same transaction.

One task per partition. Replicas read the same partitions; whoever applies first wins, by the lock
on the cursor's row, and the others stand by. What the events mean is the reaction's matter.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from functools import partial
from typing import Any, Protocol

import grpc
import structlog
from google.protobuf.duration_pb2 import Duration
from guanxi.events.v1.event_feed_pb2 import Event, GetHeadResponse, PullRequest, PullResponse

from services.chassis.background import PeerFailed, jittered, keep_running, repeat
from services.chassis.caller import Caller
from services.chassis.clock import Clock, SystemClock
from services.chassis.errors import DomainError
from services.chassis.events.answers import readable
from services.chassis.events.cursors import Cursor, Cursors, Fenced
from services.chassis.events.derivation import Derivation
from services.chassis.events.lag import FeedLag, Lag
from services.chassis.events.parking import ParkedEvent, forget_parked, park, replay
from services.chassis.events.reaction import Reaction, is_passing
from services.chassis.events.renewal import Renewal
from services.chassis.metrics import Metrics
from services.chassis.store import Store, WriteTransaction

__all__ = ["FeedStub", "Puller"]

_WAIT_SECONDS = 20.0
_ANSWER_SECONDS = 10.0  # what an answer may take beyond the wait
_STAND_BY_SECONDS = 1.0

_log = structlog.get_logger("puller")


class FeedStub(Protocol):
    """An EventFeedStub, as far as it is used here."""

    @property
    def Pull(self) -> Callable[..., Awaitable[PullResponse]]: ...  # noqa: N802 - gRPC's name
    @property
    def GetHead(self) -> Callable[..., Awaitable[GetHeadResponse]]: ...  # noqa: N802 - likewise


async def _nobody_told(parked: ParkedEvent) -> None:
    """Stands in where nobody wants to know about parked events beyond the log."""


class Puller:
    """Applies one feed to a store under one consumer's name.

    A read model that is rebuilt beside the live one reads under a name of its own and so has
    its own cursors: `insight`, `insight.2`.
    """

    def __init__(
        self,
        store: Store,
        feed: str,
        stub: FeedStub,
        *,
        consumer: str,
        partitions: int,
        reaction: Reaction,
        on_epoch_change: Callable[[WriteTransaction], Awaitable[None]],
        on_log_read: Callable[[WriteTransaction], Awaitable[None]] | None = None,
        on_parked: Callable[[ParkedEvent], Awaitable[None]] = _nobody_told,
        metrics: Metrics | None = None,
        clock: Clock | None = None,
        max_events: int = 500,
        wait_seconds: float = _WAIT_SECONDS,
        turn: AbstractAsyncContextManager[Any] | None = None,
        derivation: Derivation | None = None,
        types: Collection[str] | None = None,
    ) -> None:
        """`on_epoch_change` empties what was derived from the feed, or has it told anew beside what
        is in use; its transaction also sends the cursors back to 0. `on_log_read` puts in use what
        was told, once all partitions have applied the log to where it ended. `on_parked` is told
        after an event was parked. Pullers whose reactions change the same rows share a `turn` (a
        lock): side by side, they would only conflict. A new `derivation` reads from the beginning;
        without one, whoever calls keeps generations apart, and says which `types` of events are
        known (by default all).
        """
        self._store = store
        self._feed = feed
        self._stub = stub
        self._consumer = consumer
        self._partitions = partitions
        self._reaction = reaction
        self._on_epoch_change = on_epoch_change
        self._on_parked = on_parked
        self._metrics = metrics
        self._max_events = max_events
        self._wait_seconds = wait_seconds
        self._turn = turn or nullcontext()
        self._types = derivation.types if derivation else types
        self._name = f"{consumer}-reads-{feed}"
        self._caller = Caller.system(self._name)
        self._cursors = Cursors(
            store.tables,
            consumer=derivation.consumer(consumer) if derivation else consumer,
            feed=feed,
            partition_count=partitions,
        )
        self._renewal = on_log_read and Renewal(store, self._cursors, self._caller, on_log_read)
        self._lag = FeedLag(feed, partitions, clock or SystemClock(), metrics)
        self._at: dict[int, Cursor] = {}

    async def run(self) -> None:
        """Pulls and applies until cancelled. Raises StartRefused where partitions do not fit."""
        await keep_running(self._name, self._prepare)
        following = [
            asyncio.create_task(repeat(self._name, partial(self._step, partition)))
            for partition in range(self._partitions)
        ]
        try:
            await asyncio.gather(*following)
        finally:
            for each in following:
                each.cancel()
            await asyncio.wait(following)

    def lag(self) -> Lag | None:
        """How far behind the slowest partition is; None until each has heard from the feed."""
        return self._lag.lag()

    async def replay(self, parked_id: str) -> None:
        """Applies a parked event now; see `parking.replay`."""
        await replay(self._store, self._reaction, parked_id)

    async def _prepare(self) -> None:
        async def work(tx: WriteTransaction) -> None:
            await self._cursors.prepare(tx)
            await self._cursors.forget_unused(tx, self._consumer)

        await self._store.write(work, caller=self._caller)

    async def _load(self, partition: int) -> Cursor:
        async with self._store.read(caller=self._caller) as tx:
            return await self._cursors.load(tx, partition)

    async def _step(self, partition: int) -> bool:
        """One pull and what follows from it; whether it got on. After a failure, where the cursor
        stands is looked up."""
        cursor = self._at.pop(partition, None) or await self._load(partition)
        try:
            moved = await self._read_on(cursor)
        except Fenced:
            # Another replica is at work here. It keeps the partition as long as it is faster.
            await _stand_by()
            return False
        self._at[partition] = moved
        return moved.position > cursor.position

    async def _read_on(self, cursor: Cursor) -> Cursor:
        response = await self._pull(cursor)
        lag = self._lag.partitions[cursor.partition]
        lag.heard(response, after=cursor.position)
        if await self._is_another_log(cursor, response.epoch):
            await self._start_over(cursor, response.epoch)
            # Should two logs answer by turns, this is how often all is read again.
            await _stand_by()
            return await self._load(cursor.partition)
        events, through = readable(response, after=cursor.position, types=self._types)
        if events:
            cursor = await self._apply(cursor, events, through, response.epoch)
        elif through > cursor.position or cursor.epoch != response.epoch:
            cursor = await self._commit(cursor, (), through, response.epoch)
        lag.applied(cursor.position)
        if self._renewal is not None:
            head = response.head_position
            await self._renewal.applied(cursor.position, epoch=response.epoch, head=head)
        return cursor

    async def _is_another_log(self, cursor: Cursor, epoch: str) -> bool:
        if cursor.epoch == "" and self._renewal is not None:
            return await self._renewal.is_new(epoch)
        return cursor.epoch not in ("", epoch)

    async def _pull(self, cursor: Cursor) -> PullResponse:
        seconds = int(self._wait_seconds)
        nanos = int((self._wait_seconds - seconds) * 1e9)
        request = PullRequest(
            consumer=self._consumer,
            partition=cursor.partition,
            partition_count=self._partitions,
            after=cursor.position,
            max_events=self._max_events,
            wait=Duration(seconds=seconds, nanos=nanos),
            epoch=cursor.epoch,
        )
        try:
            return await self._stub.Pull(request, timeout=self._wait_seconds + _ANSWER_SECONDS)
        except (DomainError, grpc.RpcError, OSError) as error:
            raise PeerFailed(f"the feed of {self._feed} can't be read: {error}") from error

    async def _apply(
        self, cursor: Cursor, events: Sequence[Event], through: int, epoch: str
    ) -> Cursor:
        """Applies all events, or halves them until the one that fails is alone, and parks it."""
        try:
            return await self._commit(cursor, events, through, epoch)
        except Fenced:
            raise
        except Exception as error:
            if is_passing(error):
                raise
            if len(events) == 1:
                return await self._park(cursor, events[0], through, epoch, error)
        half = len(events) // 2
        cursor = await self._apply(cursor, events[:half], events[half - 1].position, epoch)
        return await self._apply(cursor, events[half:], through, epoch)

    async def _commit(
        self, cursor: Cursor, events: Sequence[Event], through: int, epoch: str
    ) -> Cursor:
        async def work(tx: WriteTransaction) -> Cursor:
            moved = await self._cursors.move(tx, cursor, position=through, epoch=epoch)
            if events:
                await self._reaction.apply(tx, events)
            return moved

        snapshot = not events or self._reaction.needs_snapshot(events)
        async with self._turn:
            moved = await self._store.write(work, caller=self._caller, snapshot=snapshot)
        if self._metrics is not None and events:
            self._metrics.events_applied.labels(self._feed).inc(len(events))
        return moved

    async def _park(
        self, cursor: Cursor, event: Event, through: int, epoch: str, error: Exception
    ) -> Cursor:
        async def work(tx: WriteTransaction) -> tuple[Cursor, ParkedEvent]:
            moved = await self._cursors.move(tx, cursor, position=through, epoch=epoch)
            return moved, await park(
                tx,
                self._store.tables,
                event,
                error,
                consumer=self._consumer,
                feed=self._feed,
                epoch=epoch,
            )

        moved, parked = await self._store.write(work, caller=self._caller)
        if self._metrics is not None:
            self._metrics.events_parked.labels(self._feed).inc()
        _log.error(
            "event parked: it could not be applied",
            parked=parked.id,
            feed=self._feed,
            position=event.position,
            type=event.type,
            exc_info=error,
        )
        await self._on_parked(parked)
        return moved

    async def _start_over(self, cursor: Cursor, epoch: str) -> None:
        async def work(tx: WriteTransaction) -> None:
            await self._cursors.restart(tx, cursor, epoch=epoch, reader=self._consumer)
            await forget_parked(
                tx,
                self._store.tables,
                consumer=self._consumer,
                feed=self._feed,
                other_than=epoch,
            )
            await self._on_epoch_change(tx)

        await self._store.write(work, caller=self._caller)
        _log.warning("feed has a new epoch: reading it from the beginning", feed=self._feed)


async def _stand_by() -> None:
    await asyncio.sleep(jittered(_STAND_BY_SECONDS))
