"""Turns reply bytes into ProtoJSON: camelCase, 64-bit integers as text, unset fields left out; and
a `google.api.HttpBody` into what it stands for."""

import asyncio
import re
from typing import Any

from protobuf import DescFieldValueList, DescMessage, Registry

from gateway.contract import ContractError
from gateway.transcode.anys import AnyWriter
from gateway.transcode.values import holds_any, is_http_body
from gateway.transcode.wire import cut

__all__ = ["PIECE_BYTES", "ResponseCodec"]

# What is written in one turn: 3 ms.
PIECE_BYTES = 32 * 1024
_CONTENT_TYPE = re.compile(r"[!-~]+/[ -~]+")
_UNKNOWN_TYPE = "application/octet-stream"


class ResponseCodec:
    """Makes the body of an answer out of one message type."""

    def __init__(self, output_type: str, types: Registry) -> None:
        message = types.message(output_type)
        if message is None:
            raise ContractError(f"message {output_type} has no generated type; run `make protos`")
        names = {field.name for field in message.fields}
        self._from_binary = message.type.from_binary
        # Only `Any` needs the registry, and looking for it costs time.
        self._anys = AnyWriter(message, types) if holds_any(message) else None
        self._has_etag = "etag" in names
        self._has_cursor = "resume_token" in names
        self.is_file = is_http_body(message)
        self._lists = {
            field.number: b'"%s":[' % field.json_name.encode()
            for field in message.fields
            if isinstance(field.value, DescFieldValueList)
            and isinstance(field.value.element, DescMessage)
        }

    def decode(self, reply: bytes) -> tuple[bytes, str]:
        """The JSON of a reply, and its etag or an empty text."""
        message: Any = self._from_binary(reply)
        etag = message.etag if self._has_etag else ""
        return self._json(message), etag

    async def decode_in_turns(self, reply: bytes) -> tuple[bytes, str]:
        """The same for a long reply: others get their turn after each piece of its lists."""
        lists: dict[int, list[bytes]] = {}
        text, etag = b"{}", ""
        for number, piece in cut(reply, self._lists, PIECE_BYTES):
            text, etag = self.decode(piece)
            if number:
                # `{"orders":[…]}` without its ends
                lists.setdefault(number, []).append(text[1 + len(self._lists[number]) : -2])
            await asyncio.sleep(0)
        written = [b"%s%s]" % (self._lists[n], b",".join(items)) for n, items in lists.items()]
        rest = [text[1:-1]] if text != b"{}" else []
        return b"{%s}" % b",".join([*written, *rest]), etag

    def decode_event(self, reply: bytes) -> tuple[bytes, str]:
        """The JSON of a stream's message, and the cursor to resume after it or an empty text."""
        message: Any = self._from_binary(reply)
        cursor = message.resume_token if self._has_cursor else ""
        return self._json(message), cursor

    def decode_file(self, reply: bytes) -> tuple[bytes, bytes]:
        """The bytes and the content type that a `google.api.HttpBody` stands for."""
        message: Any = self._from_binary(reply)
        known = _CONTENT_TYPE.fullmatch(message.content_type)
        return message.data, (message.content_type if known else _UNKNOWN_TYPE).encode("ascii")

    def _json(self, message: Any) -> bytes:
        if self._anys is not None:
            return self._anys.json(message)
        return bytes(message.to_json().encode())
