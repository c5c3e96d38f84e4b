"""Batches of creations: every item stands or falls alone, so that one bad row keeps no other out.

A batch method's request has `requests` and its reply `failed_requests`. The validation middleware
sets aside the items that break their contract; `read_items` leaves them out and says why.
"""

from collections.abc import Callable, Mapping, Sequence
from contextvars import ContextVar
from typing import Any, Final, TypeVar

from google.protobuf.descriptor import Descriptor
from google.protobuf.message import Message
from google.rpc.status_pb2 import Status

from services.chassis.errors import DomainError, already_exists, invalid
from services.chassis.status import to_status

__all__ = [
    "broken_items",
    "failed_requests",
    "is_batch",
    "name_taken",
    "read_items",
    "split_outcomes",
]

ITEMS: Final = "requests"
_FAILED: Final = "failed_requests"

T = TypeVar("T")

# Set by the validation middleware for the task that serves the request; the handler reads it.
broken_items: ContextVar[Mapping[int, DomainError]] = ContextVar("guanxi_broken_items")


def is_batch(request: Descriptor, reply: Descriptor) -> bool:
    """Whether a method reports its refused items one by one."""
    return ITEMS in request.fields_by_name and _FAILED in reply.fields_by_name


def read_items(
    requests: Sequence[Any], read: Callable[[Any], T]
) -> tuple[dict[int, T], dict[int, DomainError]]:
    """The items of a batch by their index, and what is wrong with those that are refused.

    An item is refused where it breaks its contract, carries a `request_id` of its own
    (REQUEST_ID_IN_ITEM), or `read` raises a DomainError.
    """
    refused = dict(broken_items.get({}))
    items: dict[int, T] = {}
    for index, request in enumerate(requests):
        if index in refused:
            continue
        try:
            _expect_no_request_id(request)
            items[index] = read(request)
        except DomainError as error:
            refused[index] = error
    return items, refused


def split_outcomes(
    outcomes: Mapping[int, T | DomainError],
) -> tuple[list[T], dict[int, DomainError]]:
    """What went in, in the order of the requests, and what was refused, by its index."""
    refused = {index: each for index, each in outcomes.items() if isinstance(each, DomainError)}
    done = [each for each in outcomes.values() if not isinstance(each, DomainError)]
    return done, refused


def failed_requests(refused: Mapping[int, DomainError], domain: str) -> dict[int, Status]:
    """What `failed_requests` of a reply holds; `domain` is the service, as in `to_status`."""
    return {index: to_status(error, domain) for index, error in refused.items()}


def name_taken(name: str, stored: bytes | None, sent: bytes) -> DomainError:
    """ALREADY_EXISTS for a name that is taken, from the fingerprints of both contents.

    Its metadata `unchanged` says whether they are equal. `stored` is None where the caller may not
    see what has the name: then nothing is said about it.
    """
    error = already_exists(name)
    if stored is None:
        return error
    unchanged = "true" if stored == sent else "false"
    metadata = {**error.metadata, "unchanged": unchanged}
    return DomainError(error.kind, error.reason, error.message, metadata=metadata)


def _expect_no_request_id(request: Message) -> None:
    if getattr(request, "request_id", ""):
        raise invalid(
            "request_id", "REQUEST_ID_IN_ITEM", "a batch has one request_id, its items have none"
        )
