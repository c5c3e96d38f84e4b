"""What may be sent as an answer: one that is too long for a message is refused by name, and where
it tells of a change, before it is committed; gRPC would refuse it later, in words of its own."""

from google.protobuf.message import Message

from services.chassis.errors import DomainError, Kind
from services.chassis.wire import MAX_MESSAGE_BYTES

__all__ = ["bytes_of", "expect_sendable"]


def bytes_of(reply: Message) -> bytes:
    """An answer as it is sent. Raises INVALID_ARGUMENT (REPLY_TOO_LARGE)."""
    data: bytes = reply.SerializeToString()
    _expect(len(data))
    return data


def expect_sendable(reply: Message) -> None:
    """Whether an answer can be sent. Raises INVALID_ARGUMENT (REPLY_TOO_LARGE)."""
    _expect(reply.ByteSize())


def _expect(size: int) -> None:
    if size > MAX_MESSAGE_BYTES:
        raise DomainError(
            Kind.INVALID_ARGUMENT,
            "REPLY_TOO_LARGE",
            f"the answer has {size} bytes, and at most {MAX_MESSAGE_BYTES} are sent; ask for less "
            "in one request",
            metadata={"most": str(MAX_MESSAGE_BYTES)},
        )
