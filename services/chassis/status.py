"""How a DomainError travels over gRPC: as a google.rpc.Status with ErrorInfo, BadRequest and
RetryInfo, and back again as the same error. The only module that knows the wire form of errors."""

import grpc
from google.protobuf.any_pb2 import Any
from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import DecodeError
from google.rpc.code_pb2 import Code
from google.rpc.error_details_pb2 import BadRequest, ErrorInfo, RetryInfo
from google.rpc.status_pb2 import Status

from services.chassis.errors import DomainError, FieldViolation, Kind
from services.chassis.wire import DETAILS_KEY

__all__ = ["code_of", "from_rpc_error", "from_status", "kind_of", "to_status"]

# gRPC refuses metadata above 8 KiB; base64 adds a third and the text travels a second time.
_STATUS_BYTES = 4_000
_TEXT_CHARACTERS = 500

_CODES = {kind: grpc.StatusCode[kind.value] for kind in Kind}
_KINDS = {code: kind for kind, code in _CODES.items()}
_KINDS_BY_NUMBER: dict[int, Kind] = {Code.Value(kind.value): kind for kind in Kind}


def code_of(kind: Kind) -> grpc.StatusCode:
    """The canonical code of a kind."""
    return _CODES[kind]


def kind_of(code: grpc.StatusCode) -> Kind:
    """The kind of a canonical code; OK is nobody's error and counts as UNKNOWN."""
    return _KINDS.get(code, Kind.UNKNOWN)


def to_status(error: DomainError, domain: str) -> Status:
    """The wire form of an error raised in the service `domain` (`sales` gives `sales.guanxi`).

    An error that came from another service keeps its domain. What does not fit into a response's
    metadata is cut: violations from the end, counted in `violations_omitted`, then long texts.
    """
    status = _assemble(error, domain, len(error.violations), None)
    kept = len(error.violations)
    while status.ByteSize() > _STATUS_BYTES and kept:
        kept //= 2
        status = _assemble(error, domain, kept, None)
    if status.ByteSize() > _STATUS_BYTES:
        status = _assemble(error, domain, kept, _TEXT_CHARACTERS)
    return status


def from_status(status: Status | bytes) -> DomainError:
    """The error a status carries. A status without ErrorInfo has its code's name as reason."""
    if isinstance(status, bytes):
        status = Status.FromString(status)
    kind = _KINDS_BY_NUMBER.get(status.code, Kind.UNKNOWN)
    info, bad_request, retry = ErrorInfo(reason=kind.value), BadRequest(), RetryInfo()
    retry_after: float | None = None
    for detail in status.details:
        detail.Unpack(info)
        detail.Unpack(bad_request)
        if detail.Unpack(retry):
            retry_after = retry.retry_delay.ToMilliseconds() / 1000
    return DomainError(
        kind,
        info.reason,
        status.message,
        metadata=dict(info.metadata),
        violations=[
            FieldViolation(violation.field, violation.description, violation.reason)
            for violation in bad_request.field_violations
        ],
        retry_after_seconds=retry_after,
        domain=info.domain,
    )


def from_rpc_error(error: grpc.aio.AioRpcError) -> DomainError:
    """The error another service raised, or what the transport says where it never got an answer."""
    for key, value in error.trailing_metadata() or ():
        if key == DETAILS_KEY and isinstance(value, bytes):
            try:
                return from_status(value)
            except DecodeError:
                break
    kind = kind_of(error.code())
    return DomainError(kind, kind.value, error.details() or kind.value)


def _assemble(error: DomainError, domain: str, violations: int, text: int | None) -> Status:
    info = ErrorInfo(reason=error.reason, domain=error.domain or f"{domain}.guanxi")
    for key, value in error.metadata.items():
        info.metadata[key[:text]] = value[:text]
    if violations < len(error.violations):
        before = int(error.metadata.get("violations_omitted", 0))
        info.metadata["violations_omitted"] = str(before + len(error.violations) - violations)
    details = [_packed(info)]
    if violations:
        bad_request = BadRequest()
        for violation in error.violations[:violations]:
            bad_request.field_violations.add(
                field=violation.field,
                description=violation.description,
                reason=violation.reason,
            )
        details.append(_packed(bad_request))
    if error.retry_after_seconds is not None:
        delay = Duration()
        delay.FromMilliseconds(round(error.retry_after_seconds * 1000))
        details.append(_packed(RetryInfo(retry_delay=delay)))
    return Status(code=Code.Value(error.kind.value), message=error.message[:text], details=details)


def _packed(message: ErrorInfo | BadRequest | RetryInfo) -> Any:
    packed = Any()
    packed.Pack(message)
    return packed
