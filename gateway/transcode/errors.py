"""The HTTP form of an error: status, headers and the JSON body of AIP-193."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from google.rpc.status_pb import Status
from protobuf import Registry, message_to_json_value

from services.chassis.errors import DomainError, Kind
from services.chassis.status import to_status

__all__ = ["HTTP_STATUS", "ErrorCodec", "HttpError"]

DOMAIN = "gateway"

# google/rpc/code.proto, in the order of its numbers: canonical code and HTTP status.
HTTP_STATUS: Mapping[str, int] = {
    "OK": 200,
    "CANCELLED": 499,
    "UNKNOWN": 500,
    "INVALID_ARGUMENT": 400,
    "DEADLINE_EXCEEDED": 504,
    "NOT_FOUND": 404,
    "ALREADY_EXISTS": 409,
    "PERMISSION_DENIED": 403,
    "RESOURCE_EXHAUSTED": 429,
    "FAILED_PRECONDITION": 400,
    "ABORTED": 409,
    "OUT_OF_RANGE": 400,
    "UNIMPLEMENTED": 501,
    "INTERNAL": 500,
    "UNAVAILABLE": 503,
    "DATA_LOSS": 500,
    "UNAUTHENTICATED": 401,
}
_CODES = tuple(HTTP_STATUS)

# Refusals that HTTP has a status of its own for.
_REASON_STATUS = {
    "METHOD_NOT_ALLOWED": 405,
    "BODY_TIMEOUT": 408,
    "BODY_TOO_LARGE": 413,
    "URL_TOO_LONG": 414,
    "HEAD_TOO_LARGE": 431,
}


@dataclass(frozen=True, slots=True)
class HttpError:
    """An error ready to be sent."""

    status: int
    code: str
    body: bytes
    headers: tuple[tuple[bytes, bytes], ...]


class ErrorCodec:
    """Makes HTTP errors out of the gateway's own refusals and of the services' statuses."""

    def __init__(self, types: Registry) -> None:
        self._types = types

    def of(self, error: DomainError) -> HttpError:
        """The HTTP form of a refusal of the gateway's own."""
        status = _REASON_STATUS.get(error.reason) if not error.domain else None
        headers: tuple[tuple[bytes, bytes], ...] = ()
        if error.kind is Kind.UNAUTHENTICATED:
            headers = ((b"www-authenticate", b'Bearer realm="guanxi"'),)
        if status == 405:
            headers = ((b"allow", error.metadata["allowed"].encode()),)
        return self._of(to_status(error, DOMAIN).SerializeToString(), status, headers)

    def of_status(self, status: bytes) -> HttpError:
        """The HTTP form of a serialized google.rpc.Status, as a service sent it."""
        return self._of(status, None, ())

    def _of(
        self, data: bytes, http_status: int | None, headers: tuple[tuple[bytes, bytes], ...]
    ) -> HttpError:
        status = Status.from_binary(data)
        code = _CODES[status.code] if 0 < status.code < len(_CODES) else "UNKNOWN"
        details = self._details(status)
        retry = _retry_after_seconds(details)
        if retry is not None:
            headers = (*headers, (b"retry-after", str(retry).encode()))
        http_status = http_status or HTTP_STATUS[code]
        body = {
            "error": {
                "code": http_status,
                "message": status.message,
                "status": code,
                "details": details,
            }
        }
        text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
        return HttpError(http_status, code, text.encode(), headers)

    def _details(self, status: Status) -> list[dict[str, Any]]:
        details = []
        for detail in status.details:
            try:
                details.append(message_to_json_value(detail, registry=self._types))
            except (ValueError, RecursionError):
                # A detail of a type this gateway doesn't know yet: the rest still says enough.
                continue
        return cast(list[dict[str, Any]], details)


def _retry_after_seconds(details: list[dict[str, Any]]) -> int | None:
    for detail in details:
        if str(detail.get("@type", "")).endswith("/google.rpc.RetryInfo"):
            return math.ceil(float(str(detail.get("retryDelay", "0s")).removesuffix("s")))
    return None
