"""What the customer service tells and is asked → accounts; no rule, no SQL."""

from collections.abc import Collection, Iterable
from typing import Any, Final

from guanxi.customer.v1 import customers_pb2
from guanxi.events.v1.event_feed_pb2 import Event

from services.sales.accounts.model import Account

__all__ = ["TYPES", "answered_accounts", "question", "read_accounts"]

# No event has told it: the first position is 1.
_ASKED_FOR: Final = 0

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
        if message is not None:
            customer = message.FromString(event.payload).customer
            told[customer.name] = _account(customer, event.position)
    return told


def question(names: Collection[str]) -> customers_pb2.BatchGetCustomersRequest:
    """Asks for those of the customers that there are."""
    return customers_pb2.BatchGetCustomersRequest(names=sorted(names), allow_missing=True)


def answered_accounts(reply: customers_pb2.BatchGetCustomersResponse) -> list[Account]:
    """The accounts of the customers that there are."""
    return [_account(customer, _ASKED_FOR) for customer in reply.customers]


def _account(customer: customers_pb2.Customer, position: int) -> Account:
    return Account(
        customer=customer.name,
        owner=customer.owner,
        team=customer.team,
        deleted=customer.HasField("delete_time"),
        position=position,
    )
