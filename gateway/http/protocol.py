"""Caps the head of a request while it arrives; the application sees only heads that are whole."""

from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from gateway.http.head import MAX_HEAD_BYTES

__all__ = ["CappedHeadProtocol"]

_REFUSAL = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\n"
    b"connection: close\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%s"
)
_BODY = (
    b'{"error":{"code":431,"message":"the request line and headers are larger than %d bytes",'
    b'"status":"INVALID_ARGUMENT","details":[{"@type":"type.googleapis.com/google.rpc.ErrorInfo",'
    b'"reason":"HEAD_TOO_LARGE","domain":"gateway.guanxi"}]}}' % MAX_HEAD_BYTES
)


class CappedHeadProtocol(HttpToolsProtocol):
    """uvicorn's protocol, which by itself would collect a head without end."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._in_head = False
        self._head_bytes = 0

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if not self._in_head:
            return
        self._head_bytes += len(data)
        if self._head_bytes > MAX_HEAD_BYTES:
            self.transport.write(_REFUSAL % (len(_BODY), _BODY))
            self.transport.close()

    def on_message_begin(self) -> None:
        self._in_head = True
        self._head_bytes = 0
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        self._in_head = False
        super().on_headers_complete()
