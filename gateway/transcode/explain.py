"""Finds out which field of a JSON value the decoder refused, and what it must be instead.

Runs only after a refusal: the decoder is native and fast, but says which type, not which field.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from protobuf import (
    DescField,
    DescFieldValueList,
    DescFieldValueMap,
    DescMessage,
    Registry,
    message_from_json_value,
)

from gateway.transcode.refusals import invalid_value, unknown_field
from gateway.transcode.values import JsonValue, part_of
from gateway.transcode.words import must_be, refused_as
from services.chassis.errors import DomainError

__all__ = ["DECODE_ERRORS", "explain"]

# What the decoder raises for a value it refuses; all of it is the caller's mistake.
DECODE_ERRORS = (ValueError, TypeError, OverflowError, RecursionError)


def explain(
    message: DescMessage, value: JsonValue, types: Registry | None, first: int = 0
) -> DomainError:
    """The refusal for a value that `message` could not be read from; `types` are those that may be
    in an `Any`.

    `first` is the index that the first item of the outermost lists has for the caller.
    """
    found = _in_message(message, value, "", types, first)
    return found or invalid_value("body", "can't be read as the request of this method")


def _in_message(
    message: DescMessage, value: JsonValue, path: str, types: Registry | None, first: int = 0
) -> DomainError | None:
    if not isinstance(value, dict):
        return invalid_value(path or "body", refused_as("an object", value))
    fields: dict[str, DescField] = {}
    for field in message.fields:
        fields[field.name] = fields[field.json_name] = field
    for key, inner in value.items():
        here = f"{path}.{key}" if path else key
        if key not in fields:
            return unknown_field(here, key=key, fields=(each.json_name for each in message.fields))
        found = _in_field(message, fields[key], inner, here, types, first)
        if found is not None:
            return found
    return None


def _in_field(
    message: DescMessage,
    field: DescField,
    value: Any,
    path: str,
    types: Registry | None,
    first: int,
) -> DomainError | None:
    """Goes into what has fields itself, and lets the decoder try the rest."""
    if value is None:
        return None
    kind = part_of(field)
    parts = _parts(field, value, path, first)
    if parts is None:
        whole = "a list" if isinstance(field.value, DescFieldValueList) else "an object"
        return invalid_value(path, refused_as(whole, value))
    if isinstance(kind, DescMessage) and not kind.type_name.startswith("google.protobuf."):
        found = (_in_message(kind, part.value, part.path, types) for part in parts)
        return next((each for each in found if each is not None), None)
    wrong = _first_unreadable(message, field, parts, types)
    if wrong is None:
        return None
    return invalid_value(wrong.path, refused_as(must_be(kind), wrong.value))


@dataclass(frozen=True, slots=True)
class _Part:
    """One value of a field, and the key it has if the field is a map."""

    path: str
    value: Any
    key: str = ""


def _parts(field: DescField, value: Any, path: str, first: int) -> list[_Part] | None:
    """The values of a field; None where it is a list or a map and `value` is none."""
    match field.value:
        case DescFieldValueList():
            if not isinstance(value, list):
                return None
            return [_Part(f"{path}[{index}]", item) for index, item in enumerate(value, first)]
        case DescFieldValueMap():
            if not isinstance(value, dict):
                return None
            return [_Part(f"{path}.{key}", item, key) for key, item in value.items()]
        case _:
            return [_Part(path, value)]


def _first_unreadable(
    message: DescMessage, field: DescField, parts: Sequence[_Part], types: Registry | None
) -> _Part | None:
    """The first value that the decoder refuses. It is halved in on: a list may be long, and its
    values are read by the thousand faster than one by one."""
    if _reads(message, field, parts, types):
        return None
    while len(parts) > 1:
        half = len(parts) // 2
        parts = parts[half:] if _reads(message, field, parts[:half], types) else parts[:half]
    return parts[0]


def _reads(
    message: DescMessage, field: DescField, parts: Sequence[_Part], types: Registry | None
) -> bool:
    value: JsonValue
    match field.value:
        case DescFieldValueList():
            value = [part.value for part in parts]
        case DescFieldValueMap():
            value = {part.key: part.value for part in parts}
        case _:
            value = parts[0].value
    try:
        message_from_json_value(message.type, {field.json_name: value}, registry=types).to_binary()
    except DECODE_ERRORS:
        return False
    return True
