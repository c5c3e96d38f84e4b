"""Events on their way into the log: the rows a transaction appends just before it commits."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zlib import crc32

from google.protobuf.message import Message

from services.chassis.actors import actor_text
from services.chassis.caller import Caller
from services.chassis.ids import Ids
from services.chassis.store.columns import microseconds
from services.chassis.turns import taking_turns

__all__ = ["SLOTS", "EmittedEvent", "log_rows"]

SLOTS = 1_024


@dataclass(frozen=True, slots=True)
class EmittedEvent:
    """An event waiting for its transaction to commit."""

    event: Message
    aggregate_type: str
    aggregate_id: str
    partition_key: str
    caller: Caller


async def log_rows(
    events: Sequence[EmittedEvent], *, now: datetime, ids: Ids
) -> Sequence[Mapping[str, Any]]:
    """Rows of `event_log`, in the order the events were emitted."""
    time_ms = microseconds(now) // 1_000
    return [
        {
            "id": ids.new(),
            "aggregatetype": emitted.aggregate_type,
            "aggregateid": emitted.aggregate_id,
            "type": emitted.event.DESCRIPTOR.full_name,
            "payload": emitted.event.SerializeToString(),
            "partition_key": emitted.partition_key,
            "slot": crc32(emitted.partition_key.encode()) % SLOTS,
            "time_ms": time_ms,
            "request_id": emitted.caller.request_id,
            "actor": actor_text(emitted.caller),
        }
        async for emitted in taking_turns(events)
    ]
