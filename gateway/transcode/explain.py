"""Finds out which field of a JSON value the decoder refused, and why, in the caller's words.

Runs only after a refusal: the decoder is native and fast, but says which type, not which field.
"""

import re
from typing import Any

from protobuf import DescField, DescFieldValueList, DescMessage, message_from_json_value

from gateway.transcode.refusals import invalid_value, unknown_field
from gateway.transcode.values import JsonValue, message_of
from services.chassis.errors import DomainError

__all__ = ["DECODE_ERRORS", "explain"]

# What the decoder raises for a value it refuses; all of it is the caller's mistake.
DECODE_ERRORS = (ValueError, TypeError, OverflowError, RecursionError)

_CANNOT_DECODE = re.compile(r"^cannot decode [\w.]+ from JSON: ")
_FOR_FIELD = re.compile(r" for field [\w.]+$")


def explain(message: DescMessage, value: JsonValue, error: Exception) -> DomainError:
    """The refusal for a value that `message` could not be read from with `error`."""
    return _in_message(message, value, "") or invalid_value("body", _plain(error))


def _in_message(message: DescMessage, value: JsonValue, path: str) -> DomainError | None:
    if message.type_name.startswith("google.protobuf."):
        return None
    if not isinstance(value, dict):
        return invalid_value(path or "body", "must be an object")
    fields: dict[str, DescField] = {}
    for field in message.fields:
        fields[field.name] = fields[field.json_name] = field
    for key, inner in value.items():
        here = f"{path}.{key}" if path else key
        field_or_none = fields.get(key)
        if field_or_none is None:
            return unknown_field(here)
        found = _in_field(message, field_or_none, key, inner, here)
        if found is not None:
            return found
    return None


def _in_field(
    message: DescMessage, field: DescField, key: str, value: JsonValue, path: str
) -> DomainError | None:
    try:
        message_from_json_value(message.type, {key: value})
    except DECODE_ERRORS as error:
        return _inside(field, value, path) or invalid_value(path, _plain(error))
    return None


def _inside(field: DescField, value: Any, path: str) -> DomainError | None:
    inner = message_of(field)
    if inner is not None:
        return _in_message(inner, value, path)
    listed = field.value
    if (
        isinstance(listed, DescFieldValueList)
        and isinstance(listed.element, DescMessage)
        and isinstance(value, list)
    ):
        for index, item in enumerate(value):
            found = _in_message(listed.element, item, f"{path}[{index}]")
            if found is not None:
                return found
    return None


def _plain(error: Exception) -> str:
    if isinstance(error, RecursionError):
        return "is nested too deep"
    text = _FOR_FIELD.sub("", str(error))
    text = _CANNOT_DECODE.sub("unexpected value ", text)
    return text.replace("<class 'str'>", "text").replace("<class 'int'>", "a number")[:300]
