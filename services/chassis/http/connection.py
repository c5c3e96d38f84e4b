"""One connection: reads requests one after the other, and ends what takes too long or too much.

Every answer is readable: a connection that ends says so, and is only closed once its caller has
nothing more to say or has had its time. What is read after the request that ends it is dropped.
"""

import asyncio
import math
from collections import deque
from dataclasses import dataclass, field
from typing import Any, cast

from services.chassis.http.connections import Connections, Ended, Pause, Waits
from services.chassis.http.exchange import Exchange, Scope
from services.chassis.http.incoming import Incoming
from services.chassis.http.outgoing import Outgoing
from services.chassis.http.refusals import HEAD_TIMEOUT, NO_ROOM, Refusal

__all__ = ["Connection", "Served"]

# So much of a body may wait for the application before no more is read.
_BODY_AHEAD_BYTES = 65_536
# So long a caller may be in the middle of a body or of an answer before a newcomer can take their
# place: as long as most need, and too short to fill a house at the rate that one caller has.
_HALFWAY_SECONDS = 2.0


@dataclass(slots=True)
class Served:
    """What the connections of one server share."""

    application: Any
    domain: str
    connections: Connections
    date: bytes = b""
    tasks: set[asyncio.Task[None]] = field(default_factory=set)


class Connection(asyncio.Protocol):
    """Between the socket, what comes in, and the exchanges."""

    def __init__(self, served: Served) -> None:
        self.ending = False
        self._served = served
        self._limits = served.connections.limits
        self._loop = asyncio.get_running_loop()
        self._incoming = Incoming(self, self._limits.head_bytes, self._limits.head_lines)
        # The request being answered, and those that came meanwhile.
        self._answering: Exchange | None = None
        self._queue: deque[Exchange] = deque()
        # How it ends.
        self._deaf = False
        self._last_words: Refusal | None = None
        self._leaving = False
        self._heard_all = False
        # Since when its caller was to do something, unless they have an answer to read.
        self._since = self._loop.time()
        self._signed_in = False
        # Until when something must come.
        self._until = math.inf
        self._paused = False

    # What the socket says

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transport is one without being derived from it.
        self._transport = cast(asyncio.Transport, transport)
        self.outgoing = Outgoing(self._transport, self._limits)
        if self._served.connections.admit(self, self._loop.time()):
            self._await_caller(self._limits.head_seconds)
        else:
            self.refuse(NO_ROOM)

    def connection_lost(self, exc: Exception | None) -> None:
        self._served.connections.leave(self)
        self._deaf = True
        self._lose_all()
        self._queue.clear()
        self.outgoing.resume()

    def eof_received(self) -> bool:
        """The caller says no more; they may still read. What has not come whole never will."""
        if self._answering is None:
            return False
        self._deaf = self._heard_all = True
        self._lose_all()
        return True

    def pause_writing(self) -> None:
        self.outgoing.pause()

    def resume_writing(self) -> None:
        self.outgoing.resume()

    def data_received(self, data: bytes) -> None:
        if not self._deaf:
            self._incoming.feed(data)
            self._control_flow()

    # What comes

    @property
    def wants_requests(self) -> bool:
        """Whether one more is to be made of what has come: one waits for its turn, no more."""
        return not (self._deaf or self._queue)

    def head_began(self) -> None:
        """A request begins; behind others it has no time of its own yet."""
        if self._answering is None:
            self._await_caller(self._limits.head_seconds)

    def head_came(self, scope: Scope, *, keeps_alive: bool, awaits_continue: bool) -> Exchange:
        """A request can be answered, now or in its turn."""
        exchange = Exchange(self, scope, keeps_alive=keeps_alive, awaits_continue=awaits_continue)
        if self._answering is None:
            self._begin(exchange)
        else:
            self._queue.append(exchange)
        return exchange

    def broke(self, refusal: Refusal) -> None:
        """What came is no request: nothing more is read, and the caller is told in its turn."""
        self._deaf = True
        if self._answering is None:
            self.refuse(refusal)
        elif self._incoming.reading is not None:
            self._incoming.reading.lose()
        else:
            self._last_words = refusal

    # What an exchange asks for

    @property
    def date(self) -> bytes:
        """The header line of now."""
        return self._served.date

    def read_on(self) -> None:
        """The application has taken what there was of the body."""
        self._control_flow()

    def answered(self, exchange: Exchange) -> None:
        """An answer is complete: the next request's turn, or the end."""
        if not exchange.keeps_alive:
            self._leave()
            return
        if self._paused and self.outgoing.has_gone():
            self.cut_off()
        if self._transport.is_closing():
            return
        self._lay_down()
        if self._queue:
            self._begin(self._queue.popleft())
        self._incoming.read_on()
        self._control_flow()
        self._rest()

    def abandon(self, exchange: Exchange) -> None:
        """An answer ended in the middle, or never began."""
        if not exchange.started and not self._leaving:
            self._leave()
        elif exchange.started:
            # Closing in order would pass for a complete answer where it has no length.
            self.cut_off()

    def refuse(self, refusal: Refusal) -> None:
        """Says why the connection ends."""
        self.outgoing.write(refusal.written(self._served.domain))
        self._leave()

    # What the server asks for

    def pause(self, now: float) -> Pause | None:
        """How it waits for its caller; None while it is its caller who waits."""
        answering, unread = self._answering, self.outgoing.waits
        if answering is not None and not unread and not answering.awaits_body:
            return None
        since = self.outgoing.unread_since(now) if unread else self._since
        if not (self._signed_in if answering is None else answering.signed_in):
            return Pause(Waits.STRANGER, since)
        if answering is None and not unread:
            return Pause(Waits.SILENT, since)
        return Pause(Waits.HALFWAY, since) if now - since >= _HALFWAY_SECONDS else None

    def keep_time(self, now: float) -> None:
        """Ends it where its time is over: of a head, of silence, or of a slow reader."""
        if self.outgoing.overdue(now):
            self._served.connections.count(Ended.NOT_READ)
            self.cut_off()
        elif self.outgoing.waits or now < self._until:
            return
        elif self._leaving:
            self.cut_off()
        elif self._incoming.in_head:
            self._served.connections.count(Ended.HEAD_TIMEOUT)
            self.refuse(HEAD_TIMEOUT)
        else:
            # A word that nobody asked for could be taken for the answer to a request on its way.
            self._served.connections.count(Ended.SILENT)
            self.cut_off()

    def cut_off(self) -> None:
        """Ends it as it is."""
        self._transport.abort()

    def shut_down(self) -> None:
        """Ends it in order: after the answers it owes."""
        self.ending = True
        if self._answering is None and not self._leaving:
            self._transport.close()

    def _begin(self, exchange: Exchange) -> None:
        self._answering = exchange
        self._until = math.inf
        self._since = self._loop.time()
        task = self._loop.create_task(exchange.run(self._served.application))
        self._served.tasks.add(task)
        task.add_done_callback(self._served.tasks.discard)

    def _rest(self) -> None:
        """Where nothing is asked for: the caller's turn, or the end."""
        if self._answering is not None or self._leaving:
            return
        if self._last_words is not None:
            self.refuse(self._last_words)
        elif self._deaf:
            self._leave()
        else:
            self._await_caller(
                self._limits.head_seconds if self._incoming.in_head else self._limits.idle_seconds
            )

    def _leave(self) -> None:
        """Sends what is written and closes once the caller has, or time is over. Closing at once,
        with anything left unread, would take the answer from them."""
        self._deaf = self._leaving = True
        self._lose_all()
        self._queue.clear()
        self._lay_down()
        self._await_caller(self._limits.linger_seconds)
        if self._transport.is_closing():
            return
        if self._heard_all:
            self._transport.close()
            return
        self._control_flow()
        self._transport.write_eof()

    def _lay_down(self) -> None:
        """What was being answered is, or never will be."""
        if self._answering is not None:
            self._signed_in = self._answering.signed_in
            self._since = self._loop.time()
            self._answering = None

    def _await_caller(self, seconds: float) -> None:
        """They have so long for what comes next, once they have read what is unsent."""
        self._until = self._loop.time() + seconds

    def _lose_all(self) -> None:
        for exchange in (self._answering, *self._queue):
            if exchange is not None:
                exchange.lose()
        self._incoming.drop()

    def _control_flow(self) -> None:
        """Reads no further than the application: neither bodies nor requests pile up."""
        reading = self._incoming.reading
        ahead = reading is not None and len(reading.body) > _BODY_AHEAD_BYTES
        pause = not self._deaf and (ahead or bool(self._queue))
        if pause == self._paused or self._transport.is_closing():
            return
        self._paused = pause
        if pause:
            self._transport.pause_reading()
        else:
            self._transport.resume_reading()
