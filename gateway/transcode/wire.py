"""Finds and writes outermost fields of message bytes, without reading what is in others.

Encoding: protobuf.dev/programming-guides/encoding. On the wire, the bytes of some fields are a
message themselves.
"""

from collections.abc import Collection, Iterator

__all__ = ["as_text", "cut", "last_text"]


def cut(data: bytes, listed: Collection[int], piece_bytes: int) -> Iterator[tuple[int, bytes]]:
    """The message in pieces: of each field in `listed` about `piece_bytes` at a time, with its
    number and in order; and at the end all other fields together, as number 0.

    Raises ValueError for what is no message.
    """
    others: list[bytes] = []
    at = 0
    while at < len(data):
        number, end = _field(data, at)
        start, at = at, end
        if number not in listed:
            others.append(data[start:end])
            continue
        while at < len(data) and at - start < piece_bytes:
            following, end = _field(data, at)
            if following != number:
                break
            at = end
        yield number, data[start:at]
    yield 0, b"".join(others)


def _field(data: bytes, at: int) -> tuple[int, int]:
    """The number of the field at a position, and where it ends."""
    tag, at = _varint(data, at)
    match tag & 7:  # the wire type: a number, 8 bytes, a length with as many bytes, 4 bytes
        case 0:
            at = _varint(data, at)[1]
        case 1:
            at += 8
        case 2:
            length, at = _varint(data, at)
            at += length
        case 5:
            at += 4
        case _:
            raise ValueError("groups are not supported")
    if at > len(data):
        raise ValueError("a field goes on past the end")
    return tag >> 3, at


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        if at >= len(data) or shift > 63:
            raise ValueError("a number goes on past the end")
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7


def last_text(data: bytes, number: int) -> bytes:
    """What a text field holds; empty where it isn't set. Raises ValueError for no message."""
    found = b""
    at = 0
    while at < len(data):
        start = at
        field, at = _field(data, at)
        if field == number:
            size, begins = _varint(data, _varint(data, start)[1])
            found = data[begins : begins + size]
    return found


def as_text(number: int, text: bytes) -> bytes:
    """A text field with what it holds."""
    return _number(number << 3 | 2) + _number(len(text)) + text


def _number(value: int) -> bytes:
    written = bytearray()
    while value > 0x7F:
        written.append(value & 0x7F | 0x80)
        value >>= 7
    written.append(value)
    return bytes(written)
