"""Reads one field from text, as a path or a query carries it, into its ProtoJSON value.

Only the text's form is checked here; ranges and enum names are the decoder's business.
"""

import re
from collections.abc import Callable, Mapping
from datetime import date
from typing import TypeAlias

from protobuf import (
    DescEnum,
    DescField,
    DescFieldValueEnum,
    DescFieldValueList,
    DescFieldValueMap,
    DescFieldValueMessage,
    DescFieldValueScalar,
    DescMessage,
    ScalarType,
)

__all__ = [
    "JsonValue",
    "ReadText",
    "field_of",
    "holds_any",
    "is_http_body",
    "is_number",
    "kind_of",
    "message_of",
    "oneof_of",
    "part_of",
    "scalar_of",
    "text_reader",
]

JsonValue: TypeAlias = "str | int | float | bool | list[JsonValue] | dict[str, JsonValue] | None"
ReadText: TypeAlias = Callable[[str], JsonValue]

_INTEGER = re.compile(r"-?[0-9]{1,20}")
_DATE = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})")
_NUMBER = re.compile(r"-?([0-9]+([.][0-9]*)?|[.][0-9]+)([eE][-+]?[0-9]+)?|NaN|-?Infinity")

_WRAPPERS: Mapping[str, ScalarType] = {
    "google.protobuf.DoubleValue": ScalarType.DOUBLE,
    "google.protobuf.FloatValue": ScalarType.FLOAT,
    "google.protobuf.Int64Value": ScalarType.INT64,
    "google.protobuf.UInt64Value": ScalarType.UINT64,
    "google.protobuf.Int32Value": ScalarType.INT32,
    "google.protobuf.UInt32Value": ScalarType.UINT32,
    "google.protobuf.BoolValue": ScalarType.BOOL,
    "google.protobuf.StringValue": ScalarType.STRING,
    "google.protobuf.BytesValue": ScalarType.BYTES,
}
_NO_NUMBERS = frozenset((ScalarType.STRING, ScalarType.BYTES, ScalarType.BOOL))


def text_reader(kind: ScalarType | DescEnum | DescMessage) -> ReadText | None:
    """How to read a value of this kind from text; None if it can't be written as one text.

    What it returns raises ValueError for a text that is not of the kind.
    """
    if isinstance(kind, DescEnum):
        return _enum
    if isinstance(kind, DescMessage):
        if kind.type_name in _WRAPPERS:
            return text_reader(_WRAPPERS[kind.type_name])
        return _MESSAGES.get(kind.type_name)
    match kind:
        case ScalarType.STRING | ScalarType.BYTES:
            return _text
        case ScalarType.BOOL:
            return _bool
        case ScalarType.DOUBLE | ScalarType.FLOAT:
            return _number
        case _:
            return _integer


def message_of(field: DescField) -> DescMessage | None:
    """The type of a singular message field; None for any other field."""
    value = field.value
    return value.message if isinstance(value, DescFieldValueMessage) else None


def field_of(message: DescMessage, name: str) -> DescField | None:
    """A field by its proto name."""
    return next((field for field in message.fields if field.name == name), None)


def holds_any(message: DescMessage) -> bool:
    """Whether there may be a `google.protobuf.Any` anywhere in a message."""
    return _holds_any(message, set())


def is_number(kind: ScalarType | DescEnum | DescMessage | None) -> bool:
    """Whether a value is a number, which ProtoJSON takes in quotes too; an enum is none."""
    scalar = scalar_of(kind)
    return isinstance(scalar, ScalarType) and scalar not in _NO_NUMBERS


def scalar_of(
    kind: ScalarType | DescEnum | DescMessage | None,
) -> ScalarType | DescEnum | DescMessage | None:
    """The kind, or what is in the wrapper that it is."""
    return _WRAPPERS.get(kind.type_name, kind) if isinstance(kind, DescMessage) else kind


def oneof_of(field: DescField) -> str:
    """The choice a field is a member of, in words; empty for any other."""
    match field.value:
        case (
            DescFieldValueScalar(oneof=oneof)
            | DescFieldValueEnum(oneof=oneof)
            | DescFieldValueMessage(oneof=oneof)
        ):
            return f"oneof {oneof.name}" if oneof is not None else ""
        case _:
            return ""


def is_http_body(message: DescMessage | None) -> bool:
    """Whether a message stands for the raw bytes of an HTTP body."""
    return message is not None and message.type_name == "google.api.HttpBody"


def part_of(field: DescField) -> ScalarType | DescEnum | DescMessage | None:
    """What one value of a field is: of a map, what its values are."""
    value = field.value
    return value.value if isinstance(value, DescFieldValueMap) else kind_of(field)[0]


def kind_of(field: DescField) -> tuple[ScalarType | DescEnum | DescMessage | None, bool]:
    """What one value of the field is, and whether there may be several; None for a map."""
    match field.value:
        case DescFieldValueScalar(scalar=scalar):
            return scalar, False
        case DescFieldValueEnum(enum=enum):
            return enum, False
        case DescFieldValueMessage(message=message):
            return message, False
        case DescFieldValueList(element=element):
            return element, True
        case _:
            return None, False


def _holds_any(message: DescMessage, seen: set[str]) -> bool:
    if message.type_name == "google.protobuf.Any":
        return True
    if message.type_name in seen:
        return False
    seen.add(message.type_name)
    kinds = (part_of(field) for field in message.fields)
    return any(isinstance(kind, DescMessage) and _holds_any(kind, seen) for kind in kinds)


def _text(text: str) -> JsonValue:
    return text


def _bool(text: str) -> JsonValue:
    if text not in ("true", "false"):
        raise ValueError("must be true or false")
    return text == "true"


def _integer(text: str) -> JsonValue:
    if not _INTEGER.fullmatch(text):
        raise ValueError("must be a whole number")
    return int(text)


def _number(text: str) -> JsonValue:
    if not _NUMBER.fullmatch(text):
        raise ValueError("must be a number")
    return text


def _enum(text: str) -> JsonValue:
    if not _INTEGER.fullmatch(text):
        return text
    if not -(2**31) <= int(text) < 2**31:
        raise ValueError("is no number of an enum")
    return int(text)


def _field_mask(text: str) -> JsonValue:
    """Both spellings in; ProtoJSON knows the camelCase one only."""
    return re.sub(r"_([a-z0-9])", lambda found: found.group(1).upper(), text)


def _date(text: str) -> JsonValue:
    """google.type.Date has no text form in ProtoJSON; in a query it is an ISO date."""
    found = _DATE.fullmatch(text)
    if found is None or not _is_in_the_calendar(text):
        raise ValueError("must be a date of the calendar such as 2024-02-29")
    year, month, day = (int(part) for part in found.groups())
    return {"year": year, "month": month, "day": day}


def _is_in_the_calendar(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


_MESSAGES: Mapping[str, ReadText] = {
    "google.protobuf.Timestamp": _text,
    "google.protobuf.Duration": _text,
    "google.protobuf.FieldMask": _field_mask,
    "google.type.Date": _date,
}
