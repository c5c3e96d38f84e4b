"""Finds out which field of a JSON value the decoder refused, and why, in the caller's words.

Runs only after a refusal: the decoder is native and fast, but says which type, not which field.
"""

import re
from collections.abc import Iterable
from typing import Any

from protobuf import DescEnum, DescField, DescMessage, message_from_json_value

from gateway.transcode.refusals import invalid_value, unknown_field
from gateway.transcode.values import JsonValue, kind_of
from services.chassis.errors import DomainError

__all__ = ["DECODE_ERRORS", "explain"]

# What the decoder raises for a value it refuses; all of it is the caller's mistake.
DECODE_ERRORS = (ValueError, TypeError, OverflowError, RecursionError)

_CANNOT_DECODE = re.compile(r"^cannot decode [\w.]+ from JSON: ")
_FOR_FIELD = re.compile(r" for field [\w.]+$")


def explain(
    message: DescMessage, value: JsonValue, error: Exception, first: int = 0
) -> DomainError:
    """The refusal for a value that `message` could not be read from with `error`.

    `first` is the index that the first item of the outermost lists has for the caller.
    """
    return _in_message(message, value, "", first) or invalid_value("body", _plain(error))


def _in_message(
    message: DescMessage, value: JsonValue, path: str, first: int = 0
) -> DomainError | None:
    if not isinstance(value, dict):
        return invalid_value(path or "body", "must be an object")
    fields: dict[str, DescField] = {}
    for field in message.fields:
        fields[field.name] = fields[field.json_name] = field
    for key, inner in value.items():
        here = f"{path}.{key}" if path else key
        if key not in fields:
            return unknown_field(here)
        found = _in_field(message, fields[key], key, inner, here, first)
        if found is not None:
            return found
    return None


def _in_field(
    message: DescMessage, field: DescField, key: str, value: Any, path: str, first: int
) -> DomainError | None:
    """Goes into what has fields itself, and lets the decoder try the rest: each value once."""
    kind, several = kind_of(field)
    if isinstance(kind, DescMessage) and not kind.type_name.startswith("google.protobuf."):
        if not several and isinstance(value, dict):
            return _in_message(kind, value, path)
        if several and isinstance(value, list):
            items = (
                _in_message(kind, item, f"{path}[{index}]")
                for index, item in enumerate(value, first)
            )
            return next((found for found in items if found is not None), None)
    try:
        message_from_json_value(message.type, {key: value}).to_binary()
    except DECODE_ERRORS as error:
        unknown = _unknown_name(kind, value, path, first) if isinstance(kind, DescEnum) else None
        return unknown or invalid_value(path, _plain(error))
    return None


def _unknown_name(enum: DescEnum, value: Any, path: str, first: int) -> DomainError | None:
    """The refusal of the first text that is no name of an enum, with the names that there are."""
    each: Iterable[tuple[str, Any]] = ((path, value),)
    if isinstance(value, list):
        each = ((f"{path}[{index}]", item) for index, item in enumerate(value, first))
    elif isinstance(value, dict):
        each = ((f"{path}.{key}", item) for key, item in value.items())
    known = {known.name for known in enum.values}
    names = ", ".join(known.name for known in enum.values if known.number)
    for place, item in each:
        if isinstance(item, str) and item not in known:
            return invalid_value(place, f"{item[:100]!r} is no value; values are {names}")
    return None


def _plain(error: Exception) -> str:
    if isinstance(error, RecursionError):
        return "is nested too deep"
    text = _FOR_FIELD.sub("", str(error))
    text = _CANNOT_DECODE.sub("unexpected value ", text)
    return text.replace("<class 'str'>", "text").replace("<class 'int'>", "a number")[:300]
