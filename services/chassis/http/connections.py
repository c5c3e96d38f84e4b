"""All open connections of one server: how many there may be, and who makes room for a newcomer."""

import asyncio
from collections.abc import Callable
from enum import StrEnum
from typing import TYPE_CHECKING

from services.chassis.http.limits import HttpLimits

if TYPE_CHECKING:
    from services.chassis.http.connection import Connection

__all__ = ["Connections", "Ended"]

# Newcomers that are being told that there is no room; more are cut off without a word.
_TURNED_AWAY = 32


class Ended(StrEnum):
    """Why a connection was ended by the server."""

    SILENT = "silent"
    HEAD_TIMEOUT = "head_timeout"
    NOT_READ = "not_read"
    GAVE_WAY = "gave_way"
    NO_ROOM = "no_room"


class Connections:
    """Each waits for its caller (who begins, is silent, or is to leave), or is busy. What it has
    yet to send keeps one that waits in its place: to end it would cut an answer in the middle."""

    def __init__(self, limits: HttpLimits, count: Callable[[Ended], None]) -> None:
        self.limits = limits
        self.count = count
        self._open: set[Connection] = set()
        # In the order in which they began to wait.
        self._waiting: dict[Connection, None] = {}
        self._turned_away: dict[Connection, None] = {}
        self._none_open = asyncio.Event()
        self._none_open.set()

    def __len__(self) -> int:
        return len(self._open)

    def admit(self, connection: "Connection") -> bool:
        """Lets a newcomer in, in the place of the one that has waited longest if there is no other;
        False where all are busy or sending. So connections that ask for nothing keep nobody out."""
        if len(self._open) >= self.limits.connections:
            longest = next((each for each in self._waiting if not each.outgoing.waits), None)
            if longest is None:
                self.count(Ended.NO_ROOM)
                self._turn_away(connection)
                return False
            self.count(Ended.GAVE_WAY)
            self.leave(longest)
            longest.cut_off()
        self._open.add(connection)
        self._waiting[connection] = None
        self._none_open.clear()
        return True

    def leave(self, connection: "Connection") -> None:
        """It is closed, or as good as closed."""
        self._open.discard(connection)
        self._waiting.pop(connection, None)
        self._turned_away.pop(connection, None)
        if not self._open:
            self._none_open.set()

    def wait(self, connection: "Connection") -> None:
        """It waits for its caller from now on."""
        if connection in self._open:
            self._waiting[connection] = None

    def busy(self, connection: "Connection") -> None:
        """It has a request."""
        self._waiting.pop(connection, None)

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

    def _turn_away(self, connection: "Connection") -> None:
        if len(self._turned_away) >= _TURNED_AWAY:
            longest = next(iter(self._turned_away))
            self.leave(longest)
            longest.cut_off()
        self._turned_away[connection] = None
