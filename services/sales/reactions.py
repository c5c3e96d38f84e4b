"""What the sales service does when an event of the customer service arrives: it keeps accounts."""

from collections.abc import Sequence
from typing import Final

from guanxi.events.v1.event_feed_pb2 import Event

from services.chassis.events.derivation import Derivation
from services.chassis.events.follows import Follows
from services.chassis.store import WriteTransaction
from services.sales.accounts import store
from services.sales.accounts.messages import TYPES, read_accounts

__all__ = ["FOLLOWS", "CustomerReaction"]


class CustomerReaction:
    """Follows the customers."""

    async def apply(self, tx: WriteTransaction, events: Sequence[Event]) -> None:
        """Keeps what the events tell of customers, unless something newer is known."""
        await store.save_many(tx, read_accounts(events).values())

    async def forget(self, tx: WriteTransaction) -> None:
        """The customer service's log begins anew."""
        await store.clear(tx)


# Another version where what is kept of customers changes; see Derivation.
FOLLOWS: Final = Follows("sales", "customer", CustomerReaction(), Derivation(1, TYPES))
