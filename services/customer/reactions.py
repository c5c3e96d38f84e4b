"""What the customer service does when another service's event arrives: orders move the lifecycle
stage, and whom a customer may be given to is kept. Who reads the feed, and how often an event may
come, is the puller's matter."""

from collections.abc import Sequence
from typing import Final

from guanxi.events.v1.event_feed_pb2 import Event
from guanxi.sales.v1 import orders_pb2

from services.chassis.events.derivation import Derivation
from services.chassis.events.follows import Follower, Follows
from services.chassis.store import WriteTransaction
from services.customer.colleagues import store as colleagues
from services.customer.colleagues.messages import TYPES, USERS, read_teams
from services.customer.customers import actions
from services.customer.customers.model import OrderNews
from services.customer.customers.store import counted_orders

__all__ = ["FOLLOWS", "SalesReaction"]

_CONFIRMED = orders_pb2.OrderConfirmed.DESCRIPTOR.full_name
_CANCELLED = orders_pb2.OrderCancelled.DESCRIPTOR.full_name


class SalesReaction(Follower):
    """Follows the orders and the people of the sales service."""

    async def apply(self, tx: WriteTransaction, events: Sequence[Event]) -> None:
        """Moves the customers whose orders count, or don't any more; keeps who works here, and in
        which teams."""
        await colleagues.users.keep(tx, USERS.read(events).values())
        await colleagues.teams.keep(tx, read_teams(events))
        news: dict[str, OrderNews] = {}
        for event in events:
            if event.type == _CONFIRMED:
                order = orders_pb2.OrderConfirmed.FromString(event.payload).order
                if order.customer and _is_purchase(order):
                    news.setdefault(order.name, OrderNews(order.customer, counts=True))
            elif event.type == _CANCELLED:
                order = orders_pb2.OrderCancelled.FromString(event.payload).order
                if order.customer:
                    news[order.name] = OrderNews(order.customer, counts=False)
        if news:
            await actions.follow_orders(tx, news)

    async def log_renewed(self, tx: WriteTransaction) -> None:
        """Sales' log begins anew: its orders are counted from the first one on, and who works here
        stays as it was until it is read."""
        await counted_orders.clear(tx)
        await colleagues.users.mirror.begin_anew(tx)
        await colleagues.teams.mirror.begin_anew(tx)

    async def log_read(self, tx: WriteTransaction) -> None:
        """All orders are counted; who works here, in which teams, is what the log told last, and
        people and teams of whom it doesn't tell are there no more."""
        await colleagues.users.mirror.put_in_use(tx)
        await colleagues.teams.mirror.put_in_use(tx)


# Another version where what is kept of orders changes; see Derivation.
FOLLOWS: Final = Follows(
    "customer", "sales", SalesReaction(), Derivation(2, {_CONFIRMED, _CANCELLED, *TYPES})
)


def _is_purchase(order: orders_pb2.Order) -> bool:
    """Returns and credits buy nothing."""
    net = order.base_net_amount
    return net.units > 0 or net.nanos > 0
