"""Events on their way into the log: the rows a transaction appends just before it commits."""

from datetime import datetime
from typing import Any, Final
from zlib import crc32

from google.protobuf.message import Message

from services.chassis.actors import actor_text
from services.chassis.caller import Caller
from services.chassis.store.columns import microseconds

__all__ = ["SLOTS", "log_row"]

SLOTS: Final = 1_024


def log_row(
    event: Message,
    *,
    id: str,
    aggregate_type: str,
    aggregate_id: str,
    partition_key: str,
    now: datetime,
    caller: Caller,
) -> dict[str, Any]:
    """The row of `event_log` for an event that `caller` makes happen.

    It holds the event's bytes, so that the messages of a batch needn't be kept until its end.
    """
    return {
        "id": id,
        "aggregatetype": aggregate_type,
        "aggregateid": aggregate_id,
        "type": event.DESCRIPTOR.full_name,
        "payload": event.SerializeToString(),
        "partition_key": partition_key,
        "slot": crc32(partition_key.encode()) % SLOTS,
        "time_ms": microseconds(now) // 1_000,
        "request_id": caller.request_id,
        "actor": actor_text(caller),
    }
