"""What the sales service does when an event of the customer service arrives: it keeps accounts."""

from collections.abc import Sequence
from typing import Final

from guanxi.events.v1.event_feed_pb2 import Event

from services.chassis.events.derivation import Derivation
from services.chassis.events.follows import Follower, Follows
from services.chassis.store import WriteTransaction
from services.sales.accounts import store
from services.sales.accounts.messages import TYPES, read_accounts

__all__ = ["FOLLOWS", "CustomerReaction"]


class CustomerReaction(Follower):
    """Follows the customers."""

    async def apply(self, tx: WriteTransaction, events: Sequence[Event]) -> None:
        """Keeps what the events tell of customers, unless something newer is known."""
        await store.save_many(tx, read_accounts(events).values())

    async def log_renewed(self, tx: WriteTransaction) -> None:
        """Who sees an order stays as it was while the customer service's log is read anew."""
        await store.mirror.begin_anew(tx)

    async def log_read(self, tx: WriteTransaction) -> None:
        """Who sees an order is what the log told last; customers that it doesn't tell of are there
        no more."""
        await store.put_in_use(tx)


# Another version where what is kept of customers changes; see Derivation.
FOLLOWS: Final = Follows("sales", "customer", CustomerReaction(), Derivation(1, TYPES))
