"""What goes out on a connection, and whether its reader takes it in: one who doesn't keeps a place
that somebody else could have."""

import asyncio
import fcntl
import math
import struct
import termios
from socket import SO_ERROR, SOL_SOCKET

__all__ = ["Outgoing"]

# A reader takes in so much of what waits in each `send_seconds`, or is taken for none.
_LEAST_READ_BYTES = 16_384


class Outgoing:
    """Writes to a transport. While anything waits to be sent, `until` is when the reader must have
    read on."""

    def __init__(self, transport: asyncio.Transport, send_seconds: float) -> None:
        self.slow = False
        self.until = math.inf
        self._transport = transport
        self._send_seconds = send_seconds
        self._loop = asyncio.get_running_loop()
        self._unread = math.inf
        self._relief: asyncio.Future[None] | None = None

    @property
    def waits(self) -> bool:
        """Whether there is anything that the system has not taken over."""
        return self._transport.get_write_buffer_size() > 0

    def write(self, data: bytes) -> None:
        """Sends bytes of an answer; nothing where nobody is there any more."""
        if not self._transport.is_closing():
            self._transport.write(data)

    def pause(self) -> None:
        """Much waits to be sent."""
        self.slow = True
        self._give_time(self._all_unread())

    def resume(self) -> None:
        """Little or nothing waits, or nobody is there."""
        self.slow = False
        if self._relief is not None and not self._relief.done():
            self._relief.set_result(None)

    async def caught_up(self) -> None:
        """Waits until the reader has read on, or has gone."""
        while self.slow:
            self._relief = self._loop.create_future()
            await self._relief

    def expect_more(self) -> None:
        """An answer is being made: time runs only while much waits."""
        if not self.slow:
            self.until = math.inf

    def expect_no_more(self) -> None:
        """The answers are made: time runs until all is sent."""
        if self.slow:
            return
        if not self.waits:
            self.until = math.inf
        elif self.until == math.inf:
            # Asking how much it is would cost every request; there is little.
            self._give_time(math.inf)

    def read_on(self) -> bool:
        """Whether the reader has taken in enough; gives another while to one who has."""
        before = self._unread
        self._give_time(self._all_unread())
        return self._unread <= before - _LEAST_READ_BYTES

    def has_gone(self) -> bool:
        """Whether the reader has hung up, where nothing was read that would have told."""
        error = self._transport.get_extra_info("socket").getsockopt(SOL_SOCKET, SO_ERROR)
        return bool(error)

    def _give_time(self, unread: float) -> None:
        self._unread = unread
        self.until = self._loop.time() + self._send_seconds

    def _all_unread(self) -> int:
        """How many bytes have not arrived, also of those that the system has taken over: it takes
        more only after much of them has, which a slow reader may need minutes for."""
        waiting = self._transport.get_write_buffer_size()
        if self._transport.is_closing():
            return waiting
        descriptor = self._transport.get_extra_info("socket").fileno()
        answer = fcntl.ioctl(descriptor, termios.TIOCOUTQ, bytes(4))
        return waiting + int(struct.unpack("i", answer)[0])
