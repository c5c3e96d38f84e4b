"""What a connection may cost the server."""

from dataclasses import dataclass

__all__ = ["HttpLimits"]


@dataclass(frozen=True, slots=True)
class HttpLimits:
    """Bounds of one server; as they stand, those of an admin port.

    `connections` bounds how many are open; a newcomer beyond takes the place of the one that has
    waited longest for its caller (to ask, to send a body, to read an answer), a stranger's before
    that of one who has signed in, and is refused only where all are being answered.
    What waits to be sent may wait `send_seconds` and as long as what was read of it takes at
    `send_bytes_per_second`; a reader who takes in next to nothing for `send_seconds` is left too.
    """

    connections: int = 64
    head_bytes: int = 65_536
    head_lines: int = 100
    head_seconds: float = 5.0
    idle_seconds: float = 75.0
    send_seconds: float = 10.0
    send_bytes_per_second: int = 16_384
    linger_seconds: float = 5.0

    @property
    def shortest_seconds(self) -> float:
        """The shortest of the times."""
        return min(self.head_seconds, self.idle_seconds, self.send_seconds, self.linger_seconds)
