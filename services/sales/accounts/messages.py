"""What the customer service tells and is asked → accounts; no rule, no SQL."""

from collections.abc import Collection, Iterable
from typing import Any, Final

from guanxi.customer.v1 import customers_pb2
from guanxi.events.v1.event_feed_pb2 import Event

from services.sales.accounts.model import Account

__all__ = ["TYPES", "deleted_of", "question", "read_accounts"]

_MESSAGES: Final[dict[str, Any]] = {
    message.DESCRIPTOR.full_name: message
    for message in (
        customers_pb2.CustomerCreated,
        customers_pb2.CustomerUpdated,
        customers_pb2.CustomerDeleted,
        customers_pb2.CustomerUndeleted,
    )
}
TYPES: Final = frozenset(_MESSAGES)


def read_accounts(events: Iterable[Event]) -> dict[str, Account]:
    """The newest of each customer that the events, in order of position, tell of."""
    told: dict[str, Account] = {}
    for event in events:
        message = _MESSAGES.get(event.type)
        if message is None:
            continue
        customer: customers_pb2.Customer = message.FromString(event.payload).customer
        told[customer.name] = Account(
            customer=customer.name,
            owner=customer.owner,
            team=customer.team,
            deleted=customer.HasField("delete_time"),
            position=event.position,
        )
    return told


def question(names: Collection[str]) -> customers_pb2.BatchGetCustomersRequest:
    """Asks for those of the customers that there are."""
    return customers_pb2.BatchGetCustomersRequest(names=sorted(names), allow_missing=True)


def deleted_of(reply: customers_pb2.BatchGetCustomersResponse) -> dict[str, bool]:
    """Whether each of the customers is deleted."""
    return {each.name: each.HasField("delete_time") for each in reply.customers}
