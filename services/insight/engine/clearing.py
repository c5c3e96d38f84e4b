"""Removes a generation that is not in use any more, a few customers at a time."""

from services.chassis.caller import Caller
from services.chassis.store import Store, WriteTransaction
from services.insight.facts import store as facts
from services.insight.feeds import store as feeds
from services.insight.segments import store as segments
from services.insight.sources.store import RECORDS

__all__ = ["clear"]

_CHUNK_CUSTOMERS = 1_000
_SYSTEM = Caller.system("clearing")


async def clear(database: Store, generation: int) -> None:
    """Removes everything of a generation; interrupted, it goes on the next time."""
    while await database.write(lambda tx: _clear_some(tx, generation), caller=_SYSTEM):
        pass


async def _clear_some(tx: WriteTransaction, generation: int) -> bool:
    """Removes some customers; False after the last."""
    last = await RECORDS.next_span_end(tx, generation, "", _CHUNK_CUSTOMERS)
    if last is None:
        await RECORDS.remove_until(tx, generation, "")  # walk-ins, of whom there is no customer
        await segments.remove(tx, generation)
        await feeds.forget_consumer(tx, generation)
        await feeds.forget_aside(tx, generation)
        await feeds.forget_owed(tx, generation)
        await feeds.forget_touched(tx, generation)
        return False
    await facts.remove_until(tx, generation, last)
    await RECORDS.remove_until(tx, generation, last)
    return True
