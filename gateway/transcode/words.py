"""What a value must be and what came instead, in words: no text of a library's reaches a caller."""

import json
import math
from collections.abc import Mapping
from typing import Any, Final

from protobuf import DescEnum, DescMessage, ScalarType

from gateway.transcode.values import scalar_of

__all__ = ["came", "must_be", "refused_as"]

_MAX_SHOWN = 60

_RANGES: Mapping[ScalarType, tuple[int, int]] = {
    **dict.fromkeys(
        (ScalarType.INT32, ScalarType.SINT32, ScalarType.SFIXED32), (-(2**31), 2**31 - 1)
    ),
    **dict.fromkeys(
        (ScalarType.INT64, ScalarType.SINT64, ScalarType.SFIXED64), (-(2**63), 2**63 - 1)
    ),
    **dict.fromkeys((ScalarType.UINT32, ScalarType.FIXED32), (0, 2**32 - 1)),
    **dict.fromkeys((ScalarType.UINT64, ScalarType.FIXED64), (0, 2**64 - 1)),
}
_SCALARS: Mapping[ScalarType, str] = {
    ScalarType.STRING: "text",
    ScalarType.BYTES: "text of base64",
    ScalarType.BOOL: "true or false",
    ScalarType.DOUBLE: "a number",
    ScalarType.FLOAT: "a number",
}
_MESSAGES: Final = {
    "google.protobuf.Timestamp": "a time with its offset such as 2024-02-29T08:30:00Z",
    "google.protobuf.Duration": "a time in seconds such as 1.5s",
    "google.protobuf.FieldMask": "names of fields such as displayName,owner",
    "google.protobuf.ListValue": "a list",
    "google.protobuf.Value": "a value of JSON",
    "google.protobuf.Any": "an object with the @type of a message that is known",
}


def must_be(kind: ScalarType | DescEnum | DescMessage | None) -> str:
    """What one value of this kind is in JSON: `a whole number from 0 to 4294967295`."""
    match scalar_of(kind):
        case DescEnum() as enum:
            names = [value.name for value in enum.values]
            return f"one of {', '.join(each for each in names if not _is_none(each))}"
        case DescMessage() as message:
            return _MESSAGES.get(message.type_name, "an object")
        case ScalarType() as scalar if scalar in _RANGES:
            least, most = _RANGES[scalar]
            return f"a whole number from {least} to {most}"
        case ScalarType() as scalar:
            return _SCALARS[scalar]
        case _:
            return "an object"


def came(value: Any) -> str:
    """What a caller wrote, short enough to be shown."""
    match value:
        case None | bool():
            return json.dumps(value)
        case dict():
            return "an object"
        case list():
            return "a list"
        case str():
            shown = value if len(value) <= _MAX_SHOWN else f"{value[:_MAX_SHOWN]}…"
            return f"the text {json.dumps(shown, ensure_ascii=False)}"
        case float() if not math.isfinite(value):
            return "one that is too large"
        case _:
            shown = str(value)
            return shown if len(shown) <= _MAX_SHOWN else f"a number of {len(shown)} digits"


def refused_as(kind: str, value: Any) -> str:
    """Why a value is refused: `must be text, not true`."""
    given = came(value)
    return f"must be {kind}" if kind.startswith(given) else f"must be {kind}, not {given}"


def _is_none(name: str) -> bool:
    """Whether it says that nothing is said."""
    return name.endswith("_UNSPECIFIED")
