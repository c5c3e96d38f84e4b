"""How a request is refused because of the way it came, before anybody looks at what it says.

The reasons here are part of the API: each has a test.
"""

from gateway.transcode.refusals import invalid_header
from services.chassis.errors import DomainError, Kind

__all__ = ["body_incomplete", "body_timeout", "given_twice", "no_host", "url_too_long"]


def body_incomplete() -> DomainError:
    """A connection that broke or ended within a body: what it asked for is not done."""
    return DomainError(
        Kind.INVALID_ARGUMENT,
        "BODY_INCOMPLETE",
        "the body did not arrive whole; nothing was done",
    )


def body_timeout(limit_seconds: float) -> DomainError:
    """A body that is still not whole when its time is over: what it asked for is not done."""
    return DomainError(
        Kind.DEADLINE_EXCEEDED,
        "BODY_TIMEOUT",
        f"the body did not arrive within {limit_seconds:g} s; nothing was done",
        metadata={"limit_seconds": f"{limit_seconds:g}"},
    )


def url_too_long(limit_bytes: int) -> DomainError:
    """A path and query past their cap."""
    return DomainError(
        Kind.INVALID_ARGUMENT,
        "URL_TOO_LONG",
        f"the path and the query are longer than {limit_bytes} bytes",
        metadata={"limit_bytes": str(limit_bytes)},
    )


def given_twice(name: str) -> DomainError:
    """A header of one value given more than once: who is on the way may have read the other."""
    return invalid_header(name, "may be given only once")


def no_host() -> DomainError:
    """A request that doesn't say whom it is for, as RFC 9112, section 3.2 requires it to."""
    return invalid_header("Host", "must be given once, as host or host:port")
