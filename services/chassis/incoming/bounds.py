"""How much one request may hold: bytes, parts, and elements of its repeated fields.

The last are counted in the bytes, before anything is built of them: a message of two bytes takes
seventy once it is parsed, so 16 MB of them would hold the loop for 3.5 s and take 660 MB.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from buf.validate import validate_pb2
from google.protobuf.descriptor import Descriptor, FieldDescriptor

from services.chassis.errors import DomainError, FieldViolation, Kind

__all__ = ["MAX_PARTS", "MAX_REQUEST_BYTES", "Shape", "count_parts", "malformed", "shape_of"]

# What gRPC itself takes by default; parsing so much takes 45 ms at worst.
MAX_REQUEST_BYTES: Final = 4 * 1024 * 1024
# Fields and elements on the way to the innermost repeated field, in all; counting them takes 12 ms.
# A batch of 1,000 orders with 8,000 lines has 20,000.
MAX_PARTS: Final = 50_000

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_VARINT_BYTES: Final = 10


@dataclass(frozen=True, slots=True)
class _Field:
    name: str
    most: int | None
    rule: str
    inner: "Shape | None"


@dataclass(frozen=True, slots=True)
class Shape:
    """What of a message type is counted: its fields that repeat or lead to such, by number."""

    fields: Mapping[int, _Field]


def shape_of(message: Descriptor) -> Shape:
    """The shape of a request type; `most` comes from its rules max_items and max_pairs."""
    return _shape_of(message, {}) or Shape({})


def count_parts(data: bytes, shape: Shape) -> int:
    """The number of parts of a serialized request.

    Raises INVALID_ARGUMENT: VALIDATION_FAILED, naming the field, where one of the request's own
    repeated fields has more elements than its contract allows; REQUEST_TOO_MANY_PARTS;
    MESSAGE_MALFORMED for what is no message. Stops at the first part too many.
    """
    try:
        return _count(data, 0, len(data), shape, 0, {})
    except IndexError:
        raise malformed("it ends in the middle of a field") from None
    except RecursionError:
        raise malformed("its messages lie too deep in each other") from None


def malformed(why: str) -> DomainError:
    """The error for bytes that are no message of the expected type."""
    return DomainError(
        Kind.INVALID_ARGUMENT, "MESSAGE_MALFORMED", f"the request can't be read: {why}"
    )


def _shape_of(message: Descriptor, known: dict[str, "Shape | None"]) -> "Shape | None":
    if message.full_name in known:
        return known[message.full_name]
    fields: dict[int, _Field] = {}
    known[message.full_name] = Shape(fields)
    for field in message.fields:
        inner = _shape_of(field.message_type, known) if field.message_type else None
        if field.is_repeated or inner is not None:
            most, rule = _most(field)
            fields[field.number] = _Field(field.name, most, rule, inner)
    if not fields:
        known[message.full_name] = None
    return known[message.full_name]


def _most(field: FieldDescriptor) -> tuple[int | None, str]:
    rules = field.GetOptions().Extensions[validate_pb2.field]
    if rules.map.HasField("max_pairs"):
        return rules.map.max_pairs, "map.max_pairs"
    if rules.repeated.HasField("max_items"):
        return rules.repeated.max_items, "repeated.max_items"
    return None, ""


def _count(
    data: bytes, at: int, end: int, shape: Shape, parts: int, counts: dict[str, int] | None
) -> int:
    """Walks the fields of one message; `counts` is kept for the request itself only: an item too
    full refuses that item, by the rules of its contract."""
    fields = shape.fields
    while at < end:
        parts += 1
        if parts > MAX_PARTS:
            raise _too_many_parts()
        tag = data[at]
        at += 1
        if tag >= 0x80:
            tag, at = _varint(data, at - 1)
        if tag & 7 != _BYTES:
            at = _after_number(data, at, tag & 7)
            continue
        size = data[at]
        at += 1
        if size >= 0x80:
            size, at = _varint(data, at - 1)
        after = at + size
        if after > end:
            raise malformed("a field is longer than the message it is in")
        field = fields.get(tag >> 3)
        if field is not None:
            if counts is not None:
                _count_element(field, counts)
            if field.inner is not None:
                parts = _count(data, at, after, field.inner, parts, None)
        at = after
    return parts


def _count_element(field: _Field, counts: dict[str, int]) -> None:
    counts[field.name] = number = counts.get(field.name, 0) + 1
    if field.most is not None and number > field.most:
        raise _too_many(field)


def _after_number(data: bytes, at: int, wire_type: int) -> int:
    if wire_type == _VARINT:
        return _varint(data, at)[1]
    if wire_type == _FIXED64:
        return at + 8
    if wire_type == _FIXED32:
        return at + 4
    raise malformed("it has a group, or a field of an unknown kind")


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = 0
    for place in range(_VARINT_BYTES):
        byte = data[at + place]
        value |= (byte & 0x7F) << (7 * place)
        if byte < 0x80:
            return value, at + place + 1
    raise malformed("a number in it never ends")


def _too_many(field: _Field) -> DomainError:
    noun = "pairs" if field.rule.startswith("map") else "items"
    text = f"at most {field.most} {noun} in one request"
    return DomainError(
        Kind.INVALID_ARGUMENT,
        "VALIDATION_FAILED",
        f"{field.name}: {text}",
        violations=[FieldViolation(field.name, text, field.rule)],
    )


def _too_many_parts() -> DomainError:
    return DomainError(
        Kind.INVALID_ARGUMENT,
        "REQUEST_TOO_MANY_PARTS",
        f"a request holds at most {MAX_PARTS} fields and elements; send it in several",
        metadata={"most": str(MAX_PARTS)},
    )
