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

from services.chassis.errors import DomainError, invalid
from services.chassis.status import to_status
from services.chassis.turns import taking_turns

__all__ = [
    "broken_items",
    "failed_requests",
    "is_batch",
    "read_items",
]

ITEMS: Final = "requests"
_FAILED: Final = "failed_requests"

T = TypeVar("T")

# Set by the validation middleware for the task that serves the request; the handler reads it.
broken_items: ContextVar[Mapping[int, DomainError]] = ContextVar("guanxi_broken_items")


def is_batch(request: Descriptor, reply: Descriptor) -> bool:
    """Whether a method reports its refused items one by one."""
    return ITEMS in request.fields_by_name and _FAILED in reply.fields_by_name


async def read_items(
    requests: Sequence[Any], read: Callable[[Any], T]
) -> tuple[dict[int, T], dict[int, DomainError]]:
    """The items of a batch by their index, and what is wrong with those that are refused.

    An item is refused where it breaks its contract, carries a `request_id` of its own
    (REQUEST_ID_IN_ITEM), or `read` raises a DomainError.
    """
    refused = dict(broken_items.get({}))
    items: dict[int, T] = {}
    async for index, request in taking_turns(enumerate(requests)):
        if index in refused:
            continue
        try:
            _expect_no_request_id(request)
            items[index] = read(request)
        except DomainError as error:
            refused[index] = error
    return items, refused


async def failed_requests(
    request: Message, refused: Mapping[int, DomainError]
) -> dict[int, Status]:
    """What `failed_requests` of the reply to a batch holds."""
    _, domain, _ = request.DESCRIPTOR.file.package.split(".")  # guanxi.sales.v1
    return {index: to_status(error, domain) async for index, error in taking_turns(refused.items())}


def _expect_no_request_id(request: Message) -> None:
    if getattr(request, "request_id", ""):
        raise invalid(
            "request_id", "REQUEST_ID_IN_ITEM", "a batch has one request_id, its items have none"
        )
