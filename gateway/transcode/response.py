"""Turns reply bytes into ProtoJSON: camelCase, 64-bit integers as text, unset fields left out."""

from typing import Any

from protobuf import Registry

from gateway.contract import ContractError
from gateway.transcode.values import holds_any

__all__ = ["ResponseCodec"]


class ResponseCodec:
    """Makes JSON out of one message type."""

    def __init__(self, output_type: str, types: Registry) -> None:
        message = types.message(output_type)
        if message is None:
            raise ContractError(f"message {output_type} has no generated type; run `make protos`")
        names = {field.name for field in message.fields}
        self._from_binary = message.type.from_binary
        # Only `Any` needs the registry, and looking for it costs time.
        self._types = types if holds_any(message) else None
        self._has_etag = "etag" in names
        self._has_cursor = "resume_token" in names

    def decode(self, reply: bytes) -> tuple[bytes, str]:
        """The JSON of a reply, and its etag or an empty text."""
        message: Any = self._from_binary(reply)
        etag = message.etag if self._has_etag else ""
        return message.to_json(registry=self._types).encode(), etag

    def decode_event(self, reply: bytes) -> tuple[bytes, str]:
        """The JSON of a stream's message, and the cursor to resume after it or an empty text."""
        message: Any = self._from_binary(reply)
        cursor = message.resume_token if self._has_cursor else ""
        return message.to_json(registry=self._types).encode(), cursor
