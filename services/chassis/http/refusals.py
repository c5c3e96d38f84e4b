"""What the server says by itself, where there is no request yet that an application could answer.

In the form of the API's errors (AIP-193). The reasons are part of the API: each has a test.
"""

import json
from dataclasses import dataclass
from http import HTTPStatus

__all__ = ["FAILED", "HEAD_TIMEOUT", "HEAD_TOO_LARGE", "MALFORMED", "NO_ROOM", "Refusal"]


@dataclass(frozen=True, slots=True)
class Refusal:
    """An answer that ends its connection."""

    http_status: HTTPStatus
    status: str
    reason: str
    message: str

    def written(self, domain: str) -> bytes:
        """The answer as bytes, in the name of a process."""
        info = {
            "@type": "type.googleapis.com/google.rpc.ErrorInfo",
            "reason": self.reason,
            "domain": f"{domain}.guanxi",
        }
        error = {
            "code": self.http_status.value,
            "message": self.message,
            "status": self.status,
            "details": [info],
        }
        body = json.dumps({"error": error}, separators=(",", ":")).encode()
        retry = b"retry-after: 1\r\n" if self.http_status == HTTPStatus.SERVICE_UNAVAILABLE else b""
        return (
            b"HTTP/1.1 %d %s\r\nconnection: close\r\ncontent-type: application/json\r\n"
            b"cache-control: no-store\r\n%scontent-length: %d\r\n\r\n%s"
            % (self.http_status, self.http_status.phrase.encode(), retry, len(body), body)
        )


MALFORMED = Refusal(
    HTTPStatus.BAD_REQUEST,
    status="INVALID_ARGUMENT",
    reason="MALFORMED_REQUEST",
    message="this is no HTTP/1.1 request",
)
HEAD_TIMEOUT = Refusal(
    HTTPStatus.REQUEST_TIMEOUT,
    status="DEADLINE_EXCEEDED",
    reason="HEAD_TIMEOUT",
    message="the request line and headers did not arrive in time",
)
HEAD_TOO_LARGE = Refusal(
    HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE,
    status="INVALID_ARGUMENT",
    reason="HEAD_TOO_LARGE",
    message="the request line and headers are too large, or too many",
)
NO_ROOM = Refusal(
    HTTPStatus.SERVICE_UNAVAILABLE,
    status="UNAVAILABLE",
    reason="TOO_MANY_CONNECTIONS",
    message="every connection this process may have is in use",
)
FAILED = Refusal(
    HTTPStatus.INTERNAL_SERVER_ERROR,
    status="INTERNAL",
    reason="INTERNAL",
    message="something went wrong here",
)
