"""Every way in which a request is refused before it reaches a service, as a DomainError.

The reasons here are part of the API: each has a test.
"""

from collections.abc import Iterable, Mapping, Sequence

from services.chassis.errors import DomainError, FieldViolation, Kind, invalid
from services.chassis.nearest import nearest

__all__ = [
    "body_too_large",
    "duplicate_field",
    "invalid_header",
    "invalid_value",
    "malformed_body",
    "method_not_allowed",
    "nested_too_deep",
    "only_one_of",
    "path_not_found",
    "too_many_items",
    "unknown_field",
    "unsupported_encoding",
]


def unknown_field(
    path: str, place: str = "", *, key: str = "", fields: Iterable[str] = ()
) -> DomainError:
    """A query parameter or a key of the body that is not understood there; `place` is where it
    would be, `fields` what may stand where the key does."""
    if place:
        return invalid(path, "UNKNOWN_FIELD", f"belongs in the {place}")
    names = tuple(dict.fromkeys(fields))
    offered = f"{nearest(key or path, names)}; fields are {', '.join(names)}" if names else ""
    return invalid(path, "UNKNOWN_FIELD", f"there is no such field in this request{offered}")


def duplicate_field(path: str) -> DomainError:
    """A single-valued field given more than once."""
    return invalid(path, "DUPLICATE_FIELD", "may be given only once")


def only_one_of(path: str, choice: str) -> DomainError:
    """A second member of a oneof; `choice` names it."""
    return invalid(path, "DUPLICATE_FIELD", f"only one member of {choice} may be given")


def too_many_items(path: str, most: int, noun: str) -> DomainError:
    """A list (`items`) or map (`pairs`) with more than its contract allows, counted before it is
    read. Services refuse it for the same reason."""
    rule = "map.max_pairs" if noun == "pairs" else "repeated.max_items"
    text = f"at most {most} {noun} in one request"
    return DomainError(
        Kind.INVALID_ARGUMENT,
        "VALIDATION_FAILED",
        f"{path}: {text}",
        violations=(FieldViolation(path, text, rule),),
    )


def nested_too_deep(path: str, levels: int) -> DomainError:
    """Objects and lists in each other, deeper than any reader has to go."""
    return invalid(path, "NESTED_TOO_DEEP", f"is nested deeper than {levels} levels")


def invalid_value(path: str, description: str) -> DomainError:
    """A field whose value is not of its type."""
    return invalid(path, "INVALID_VALUE", description)


def invalid_header(name: str, description: str) -> DomainError:
    """A header of the API that can't be read."""
    return DomainError(
        Kind.INVALID_ARGUMENT,
        "INVALID_HEADER",
        f"header {name}: {description}",
        metadata={"header": name},
    )


def malformed_body(description: str) -> DomainError:
    """A body that is not one JSON object."""
    return DomainError(
        Kind.INVALID_ARGUMENT,
        "MALFORMED_BODY",
        f"the body must be one JSON object: {description}",
        violations=(FieldViolation("body", description, "MALFORMED_BODY"),),
    )


def unsupported_encoding(encoding: str) -> DomainError:
    """A compressed body; the gateway takes none, so that its size is known before it is read."""
    return invalid_header("Content-Encoding", f"{encoding} is not supported")


def body_too_large(limit_bytes: int) -> DomainError:
    """A body past the cap of its method."""
    return _too_large("BODY_TOO_LARGE", f"the body is larger than {limit_bytes} bytes", limit_bytes)


def head_too_large(limit_bytes: int, what: str = "request line and headers") -> DomainError:
    """What comes before the message, past its cap."""
    message = f"more than {limit_bytes} bytes of {what}"
    return _too_large("HEAD_TOO_LARGE", message, limit_bytes)


def path_not_found(path: str) -> DomainError:
    """No method has this path."""
    return DomainError(
        Kind.NOT_FOUND,
        "PATH_NOT_FOUND",
        "there is nothing at this path; GET /openapi.json lists what there is",
        metadata={"path": path[:200]},
    )


def method_not_allowed(method: str, allowed: Sequence[str]) -> DomainError:
    """The path exists, under other HTTP methods."""
    metadata: Mapping[str, str] = {"method": method[:20], "allowed": ", ".join(allowed)}
    return DomainError(
        Kind.UNIMPLEMENTED,
        "METHOD_NOT_ALLOWED",
        f"this path takes {', '.join(allowed)}",
        metadata=metadata,
    )


def _too_large(reason: str, message: str, limit_bytes: int) -> DomainError:
    return DomainError(
        Kind.INVALID_ARGUMENT, reason, message, metadata={"limit_bytes": str(limit_bytes)}
    )
