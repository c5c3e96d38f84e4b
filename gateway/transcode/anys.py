"""Writes messages that hold a `google.protobuf.Any` as JSON, whatever is in it.

What is of a type that this gateway doesn't know (a service may be newer), doesn't fit its type or
is packed too deep keeps the name of its type, with its bytes as they are:
`{"@type": "…", "value": "<base64>"}`. Nothing in an `Any` takes the whole reply away.
"""

import json
import re
import secrets
from base64 import b64encode
from collections.abc import Iterator
from typing import Any

from protobuf import DescField, DescFieldValueMessage, DescMessage, Registry
from protobuf.wkt import Any as AnyMessage
from protobuf.wkt import StringValue

from gateway.transcode.values import holds_any, part_of

__all__ = ["AnyWriter"]

_MAX_PACKED = 16
_TEXT_TYPE = "type.googleapis.com/google.protobuf.StringValue"


class AnyWriter:
    """Writes messages of one type."""

    def __init__(self, message: DescMessage, types: Registry) -> None:
        self._types = types
        self._message = message
        self._ways: dict[str, list[tuple[DescField, DescMessage]]] = {}

    def json(self, message: Any) -> bytes:
        """The JSON of a message; what can't be read in it is replaced in the message itself."""
        unread: dict[str, bytes] = {}
        self._visit(self._message, message, unread, 0)
        text = message.to_json(registry=self._types).encode()
        for mark, instead in unread.items():
            placeholder = re.compile(rb"\{[^{}]*\"%s\"[^{}]*\}" % mark.encode())
            text = instead.join(placeholder.split(text))
        return bytes(text)

    def _visit(self, kind: DescMessage, value: Any, unread: dict[str, bytes], depth: int) -> bool:
        """Makes every `Any` in a message readable; whether it had to change one."""
        if isinstance(value, AnyMessage):
            return self._settle(value, unread, depth)
        changed = [
            self._visit(inner, part, unread, depth)
            for field, inner in self._ways_to_any(kind)
            for part in _parts(value, field)
        ]
        return any(changed)

    def _settle(self, packed: AnyMessage, unread: dict[str, bytes], depth: int) -> bool:
        kind = self._types.message(packed.type_url.rpartition("/")[2])
        if not packed.type_url:
            return False
        try:
            content = kind.type.from_binary(packed.value) if kind is not None else None
        except (ValueError, RecursionError):
            content = None
        if kind is None or content is None or depth == _MAX_PACKED:
            mark = secrets.token_hex(16)
            unread[mark] = _as_it_is(packed)
            packed.type_url, packed.value = _TEXT_TYPE, StringValue(value=mark).to_binary()
            return True
        changed = holds_any(kind) and self._visit(kind, content, unread, depth + 1)
        if changed:
            packed.value = content.to_binary()
        return changed

    def _ways_to_any(self, kind: DescMessage) -> list[tuple[DescField, DescMessage]]:
        if kind.type_name not in self._ways:
            parts = [(field, part_of(field)) for field in kind.fields]
            self._ways[kind.type_name] = [
                (field, part)
                for field, part in parts
                if isinstance(part, DescMessage) and holds_any(part)
            ]
        return self._ways[kind.type_name]


def _as_it_is(packed: AnyMessage) -> bytes:
    value = b64encode(packed.value).decode()
    return json.dumps({"@type": packed.type_url, "value": value}, ensure_ascii=False).encode()


def _parts(message: Any, field: DescField) -> Iterator[Any]:
    """The messages that a field holds."""
    described = field.value
    if isinstance(described, DescFieldValueMessage) and described.oneof is not None:
        chosen = getattr(message, described.oneof.local_name)
        if chosen is not None and chosen.field == field.local_name:
            yield chosen.value
        return
    value = getattr(message, field.local_name)
    if isinstance(value, dict):
        yield from value.values()
    elif isinstance(value, list):
        yield from value
    elif value is not None:
        yield value
