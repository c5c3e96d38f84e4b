"""Removes a generation that is not in use any more, a few customers at a time."""

from sqlalchemy import delete

from services.chassis.caller import Caller
from services.chassis.store import Store, WriteTransaction
from services.insight.facts.table import facts
from services.insight.feeds import store as feeds
from services.insight.segments.store import segmentations
from services.insight.sources.store import customers, next_span_end, orders, touches

__all__ = ["clear"]

_CHUNK_CUSTOMERS = 1_000
_SYSTEM = Caller.system("clearing")


async def clear(database: Store, generation: int) -> None:
    """Removes everything of a generation; interrupted, it goes on the next time."""
    while await database.write(lambda tx: _clear_some(tx, generation), caller=_SYSTEM):
        pass


async def _clear_some(tx: WriteTransaction, generation: int) -> bool:
    """Removes some customers; False after the last."""
    last = await next_span_end(tx, generation, "", _CHUNK_CUSTOMERS)
    if last is None:
        await tx.run(delete(segmentations).where(segmentations.c.generation == generation))
        await feeds.forget_consumer(tx, generation)
        return False
    for table in (orders, touches, facts, customers):
        of_some = (table.c.generation == generation, table.c.customer <= last)
        await tx.run(delete(table).where(*of_some))
    return True
