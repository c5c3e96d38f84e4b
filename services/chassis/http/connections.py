"""All open connections of one server: how many there may be, and who makes room for a newcomer."""

import asyncio
from collections import deque
from collections.abc import Callable
from enum import IntEnum, StrEnum
from heapq import nsmallest
from operator import itemgetter
from typing import NamedTuple, Protocol

from services.chassis.http.limits import HttpLimits

__all__ = ["Connections", "Ended", "Pause", "Waits"]

# Newcomers that are being told that there is no room; more are cut off without a word.
_TURNED_AWAY = 32
# Strangers who are picked out in one look at all connections, so that a newcomer costs little.
_PICKED_AT_ONCE = 32


class Ended(StrEnum):
    """Why a connection was ended by the server."""

    SILENT = "silent"
    HEAD_TIMEOUT = "head_timeout"
    NOT_READ = "not_read"
    GAVE_WAY = "gave_way"
    NO_ROOM = "no_room"


class Waits(IntEnum):
    """Who keeps a connection waiting, in the order in which they give way."""

    # Whoever has not signed in, whatever they do.
    STRANGER = 0
    # A caller who asks for nothing.
    SILENT = 1
    # A caller in the middle of sending a body or of reading an answer.
    HALFWAY = 2


class Pause(NamedTuple):
    """For whom a connection waits, and since when."""

    waits: Waits
    since: float


class Kept(Protocol):
    """A connection, as far as its keeper knows it."""

    def pause(self, now: float) -> Pause | None:
        """How it waits for its caller; None while it is its caller who waits."""
        ...

    def keep_time(self, now: float) -> None: ...
    def shut_down(self) -> None: ...
    def cut_off(self) -> None: ...


class Connections:
    """A place is kept for as long as its caller is being answered; whoever is waited for may have
    to give it to a newcomer."""

    def __init__(self, limits: HttpLimits, count: Callable[[Ended], None]) -> None:
        self.limits = limits
        self.count = count
        self._open: set[Kept] = set()
        # The next ones to give way, as they were when all were looked at last.
        self._picked: deque[tuple[Pause, Kept]] = deque()
        self._turned_away: dict[Kept, None] = {}
        self._none_open = asyncio.Event()
        self._none_open.set()

    def __len__(self) -> int:
        return len(self._open)

    def admit(self, connection: Kept, now: float) -> bool:
        """Lets a newcomer in, in the place of the one that has waited longest if there is no other,
        of a stranger before that of a caller; False where all are being answered. So who has not
        signed in keeps nobody out, whether they ask for nothing or don't read what they asked for.
        """
        if len(self._open) >= self.limits.connections:
            longest = self._next_to_give_way(now)
            if longest is None:
                self.count(Ended.NO_ROOM)
                self._turn_away(connection)
                return False
            self.count(Ended.GAVE_WAY)
            self.leave(longest)
            longest.cut_off()
        self._open.add(connection)
        self._none_open.clear()
        return True

    def leave(self, connection: Kept) -> None:
        """It is closed, or as good as closed."""
        self._open.discard(connection)
        self._turned_away.pop(connection, None)
        if not self._open:
            self._none_open.set()

    def sweep(self, now: float) -> None:
        """Ends what has taken longer than it may."""
        for connection in (*self._open, *self._turned_away):
            connection.keep_time(now)

    async def drained(self, grace_seconds: float) -> None:
        """Lets every connection finish what it is doing, and cuts off what takes longer."""
        for connection in tuple(self._open):
            connection.shut_down()
        try:
            async with asyncio.timeout(grace_seconds):
                await self._none_open.wait()
        except TimeoutError:
            pass
        for connection in (*self._open, *self._turned_away):
            connection.cut_off()

    def _next_to_give_way(self, now: float) -> Kept | None:
        while self._picked:
            pause, connection = self._picked.popleft()
            if connection in self._open and connection.pause(now) == pause:
                return connection
        pauses = ((each.pause(now), each) for each in self._open)
        waiting = ((pause, each) for pause, each in pauses if pause is not None)
        first = nsmallest(_PICKED_AT_ONCE, waiting, key=itemgetter(0))
        if not first:
            return None
        # Of strangers later ones come later in the order. Callers are not picked ahead: whoever
        # comes meanwhile may be a stranger, to be taken first.
        self._picked.extend(each for each in first[1:] if each[0].waits is Waits.STRANGER)
        return first[0][1]

    def _turn_away(self, connection: Kept) -> None:
        if len(self._turned_away) >= _TURNED_AWAY:
            longest = next(iter(self._turned_away))
            self.leave(longest)
            longest.cut_off()
        self._turned_away[connection] = None
