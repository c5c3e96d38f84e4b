"""The one exception type of the suite and its constructors, and what stops a start.

Standard library only, so that models may raise it; how it travels over gRPC lives in `status`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

__all__ = [
    "DomainError",
    "FieldViolation",
    "Kind",
    "StartRefused",
    "already_exists",
    "beneath",
    "etag_mismatch",
    "failed_precondition",
    "invalid",
    "not_found",
    "permission_denied",
    "unauthenticated",
    "unavailable",
    "work_needed",
]


class Kind(StrEnum):
    """What went wrong, in the words of the canonical codes (google/rpc/code.proto)."""

    CANCELLED = "CANCELLED"
    UNKNOWN = "UNKNOWN"
    INVALID_ARGUMENT = "INVALID_ARGUMENT"
    DEADLINE_EXCEEDED = "DEADLINE_EXCEEDED"
    NOT_FOUND = "NOT_FOUND"
    ALREADY_EXISTS = "ALREADY_EXISTS"
    PERMISSION_DENIED = "PERMISSION_DENIED"
    RESOURCE_EXHAUSTED = "RESOURCE_EXHAUSTED"
    FAILED_PRECONDITION = "FAILED_PRECONDITION"
    ABORTED = "ABORTED"
    OUT_OF_RANGE = "OUT_OF_RANGE"
    UNIMPLEMENTED = "UNIMPLEMENTED"
    INTERNAL = "INTERNAL"
    UNAVAILABLE = "UNAVAILABLE"
    DATA_LOSS = "DATA_LOSS"
    UNAUTHENTICATED = "UNAUTHENTICATED"


@dataclass(frozen=True, slots=True)
class FieldViolation:
    """One wrong field: its path in the request, the text for people, the reason for programs."""

    field: str
    description: str
    reason: str = ""


class DomainError(Exception):
    """A failure the caller can understand; it stays the same error across every hop.

    `reason` is UPPER_SNAKE and documented; `domain` is empty until the error leaves the process it
    was raised in (`<service>.guanxi`). Nothing in it may be secret: all of it reaches the caller.
    `retry_after_seconds` says when a repeat may help, to the millisecond.
    """

    def __init__(
        self,
        kind: Kind,
        reason: str,
        message: str,
        *,
        metadata: Mapping[str, str] | None = None,
        violations: Sequence[FieldViolation] = (),
        retry_after_seconds: float | None = None,
        domain: str = "",
    ) -> None:
        super().__init__(message)
        self.kind = kind
        self.reason = reason
        self.message = message
        self.metadata: Mapping[str, str] = dict(metadata or {})
        self.violations = tuple(violations)
        # Whole milliseconds, so that the number survives the wire unchanged.
        self.retry_after_seconds = (
            None if retry_after_seconds is None else round(max(retry_after_seconds, 0.0), 3)
        )
        self.domain = domain

    def __repr__(self) -> str:
        return f"DomainError({self.kind}, {self.reason}, {self.message!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, DomainError) and self._parts() == other._parts()

    def __hash__(self) -> int:
        return hash((self.kind, self.reason, self.message))

    def _parts(self) -> tuple[object, ...]:
        return (
            self.kind,
            self.reason,
            self.message,
            self.metadata,
            self.violations,
            self.retry_after_seconds,
            self.domain,
        )


class StartRefused(Exception):
    """A process can't start; the text is one sentence for the person who started it."""


def not_found(resource: str) -> DomainError:
    """The named resource does not exist, or belongs to somebody else: `orders/1042`."""
    return DomainError(
        Kind.NOT_FOUND, "NOT_FOUND", f"{resource} was not found", metadata={"resource": resource}
    )


def invalid(field: str, reason: str, description: str) -> DomainError:
    """One field of the request is wrong."""
    return DomainError(
        Kind.INVALID_ARGUMENT,
        reason,
        f"{field}: {description}",
        violations=(FieldViolation(field, description, reason),),
    )


def beneath(prefix: str, error: DomainError) -> DomainError:
    """The error as seen from further up: `lines[2].quantity` beneath `order` is
    `order.lines[2].quantity`. Errors that name no field are returned as they are."""
    if not error.violations:
        return error
    violations = [
        FieldViolation(f"{prefix}.{each.field}", each.description, each.reason)
        for each in error.violations
    ]
    first = error.violations[0]
    plain = error.message.startswith(f"{first.field}: {first.description}")
    return DomainError(
        error.kind,
        error.reason,
        f"{prefix}.{error.message}" if plain else error.message,
        metadata=error.metadata,
        violations=violations,
        retry_after_seconds=error.retry_after_seconds,
        domain=error.domain,
    )


def already_exists(resource: str, reason: str = "ALREADY_EXISTS") -> DomainError:
    """The named resource is already there."""
    return DomainError(
        Kind.ALREADY_EXISTS, reason, f"{resource} already exists", metadata={"resource": resource}
    )


def etag_mismatch(resource: str) -> DomainError:
    """The resource has changed since the caller read it (AIP-154)."""
    return DomainError(
        Kind.ABORTED,
        "ETAG_MISMATCH",
        f"{resource} has changed since it was read; read it again and repeat the change",
        metadata={"resource": resource},
    )


def failed_precondition(reason: str, message: str, **metadata: str) -> DomainError:
    """The request is well-formed, but the state does not allow it."""
    return DomainError(Kind.FAILED_PRECONDITION, reason, message, metadata=metadata)


def permission_denied(permission: str) -> DomainError:
    """The caller's roles or scopes do not hold the permission."""
    return DomainError(
        Kind.PERMISSION_DENIED,
        "PERMISSION_DENIED",
        f"this needs the permission {permission}",
        metadata={"permission": permission},
    )


def company_needed(permission: str) -> DomainError:
    """The caller's roles hold the permission, but not on every row of the company."""
    return DomainError(
        Kind.PERMISSION_DENIED,
        "COMPANY_NEEDED",
        f"this needs the permission {permission} on every row of the company",
        metadata={"permission": permission},
    )


def work_needed(resource: str) -> DomainError:
    """The caller may read the named resource, and not change it."""
    return DomainError(
        Kind.PERMISSION_DENIED,
        "WORK_NEEDED",
        f"{resource} is open to you for reading only; ask its owner to let you work on it",
        metadata={"resource": resource},
    )


def unauthenticated(reason: str, message: str) -> DomainError:
    """The caller did not say who they are, or not credibly."""
    return DomainError(Kind.UNAUTHENTICATED, reason, message)


def unavailable(reason: str, message: str) -> DomainError:
    """What is needed for an answer is away at the moment; a second later it may be there."""
    return DomainError(Kind.UNAVAILABLE, reason, message, retry_after_seconds=1.0)
