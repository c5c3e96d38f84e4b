"""What the customer service does when another service's event arrives: orders move the lifecycle
stage. Who reads the feed, and how often an event may come, is the puller's matter."""

from collections.abc import Sequence

import structlog
from guanxi.events.v1.event_feed_pb2 import Event
from guanxi.sales.v1 import orders_pb2

from services.chassis.caller import Caller
from services.chassis.events.parking import list_parked, replay
from services.chassis.store import Store, WriteTransaction
from services.customer.customers import actions
from services.customer.customers.model import OrderNews
from services.customer.customers.store import counted_orders

__all__ = ["SalesReaction", "replay_parked"]

_log = structlog.get_logger("replay")

_CONFIRMED = orders_pb2.OrderConfirmed.DESCRIPTOR.full_name
_CANCELLED = orders_pb2.OrderCancelled.DESCRIPTOR.full_name


class SalesReaction:
    """Follows the orders of the sales service."""

    async def apply(self, tx: WriteTransaction, events: Sequence[Event]) -> None:
        """Moves the customers whose orders count, or don't any more."""
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

    async def forget(self, tx: WriteTransaction) -> None:
        """Sales' log begins anew: its orders are counted from the first one on."""
        await counted_orders.clear(tx)


async def replay_parked(store: Store) -> None:
    """Applies every parked event again, oldest first; says in the log what became of each."""
    async with store.read(caller=Caller.system("replay")) as tx:
        parked = await list_parked(tx, store.tables)
    applied = 0
    for each in parked:
        try:
            await replay(store, SalesReaction(), each.id)
        except Exception as error:  # whatever it was that had it parked
            _log.error("still can't be applied", parked=each.id, error=str(error))
        else:
            applied += 1
            _log.info("applied", parked=each.id, type=each.event.type)
    _log.info("replayed", applied=applied, still_parked=len(parked) - applied)


def _is_purchase(order: orders_pb2.Order) -> bool:
    """Returns and credits buy nothing."""
    net = order.base_net_amount
    return net.units > 0 or net.nanos > 0
