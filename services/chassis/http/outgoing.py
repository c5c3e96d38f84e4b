"""What goes out on a connection, and whether its reader takes it in: one who doesn't keeps a place
that somebody else could have."""

import asyncio
import fcntl
import struct
import termios
from dataclasses import dataclass
from socket import SO_ERROR, SOL_SOCKET

from services.chassis.http.limits import HttpLimits

__all__ = ["Outgoing"]

# Less than this within `send_seconds` is taken for nothing.
_LEAST_READ_BYTES = 16_384


@dataclass(frozen=True, slots=True)
class _Read:
    """How many bytes had arrived at a moment."""

    at: float
    size: int


class Outgoing:
    """Writes to a transport, and knows how long its reader has been at what waits to be sent."""

    def __init__(self, transport: asyncio.Transport, limits: HttpLimits) -> None:
        self.slow = False
        self._transport = transport
        self._limits = limits
        self._written = 0
        # Since something waits: as it began to, and as it was when enough had been read last.
        self._first: _Read | None = None
        self._latest: _Read | None = None
        self._relief: asyncio.Future[None] | None = None

    @property
    def waits(self) -> bool:
        """Whether there is anything that the system has not taken over."""
        return self._transport.get_write_buffer_size() > 0

    def write(self, data: bytes) -> None:
        """Sends bytes of an answer; nothing where nobody is there any more."""
        if not self._transport.is_closing():
            self._written += len(data)
            self._transport.write(data)

    def pause(self) -> None:
        """Much waits to be sent."""
        self.slow = True

    def resume(self) -> None:
        """Little or nothing waits, or nobody is there."""
        self.slow = False
        if self._relief is not None and not self._relief.done():
            self._relief.set_result(None)

    async def caught_up(self) -> None:
        """Waits until the reader has read on, or has gone."""
        while self.slow:
            self._relief = asyncio.get_running_loop().create_future()
            await self._relief

    def overdue(self, now: float) -> bool:
        """Whether the reader has had time enough for what waits. To be asked now and then: time
        runs from when something is first seen to wait until nothing does, however many answers it
        belongs to, so that a stream whose reader keeps up has no end."""
        if not self.waits:
            self._first = self._latest = None
            return False
        read = _Read(now, self._written - self._all_unread())
        if self._first is None or self._latest is None:
            self._first = self._latest = read
            return False
        if read.size - self._latest.size >= _LEAST_READ_BYTES:
            self._latest = read
        for_all = (read.size - self._first.size) / self._limits.send_bytes_per_second
        return (
            now - self._latest.at > self._limits.send_seconds
            or now - self._first.at > self._limits.send_seconds + for_all
        )

    def unread_since(self, now: float) -> float:
        """Since when something waits that does; now where that has not been seen yet."""
        return now if self._first is None else self._first.at

    def has_gone(self) -> bool:
        """Whether the reader has hung up, where nothing was read that would have told."""
        error = self._transport.get_extra_info("socket").getsockopt(SOL_SOCKET, SO_ERROR)
        return bool(error)

    def _all_unread(self) -> int:
        """How many bytes have not arrived, also of those that the system has taken over: it takes
        more only after much of them has, which a slow reader may need minutes for."""
        waiting = self._transport.get_write_buffer_size()
        if self._transport.is_closing():
            return waiting
        descriptor = self._transport.get_extra_info("socket").fileno()
        answer = fcntl.ioctl(descriptor, termios.TIOCOUTQ, bytes(4))
        return waiting + int(struct.unpack("i", answer)[0])
