"""A batch that is asked to check only: it changes nothing, and says what it would come to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

from google.protobuf.message import Message
from sqlalchemy import MetaData, func, select

from services.chassis.caller import Caller
from services.chassis.store import Store
from tests.support.otherwise import resources_of

__all__ = ["Validated", "validated"]

# What is chosen anew each time.
_CHOSEN = ("name", "etag")


@dataclass(frozen=True, slots=True)
class Validated:
    """What a batch answered that was to check only, and how many rows are there because of it.
    Nothing, of what can't be asked so."""

    reply: Message | None = None
    written: Mapping[str, int] = field(default_factory=dict)

    def faults(self, done: Message) -> list[str]:
        """What is wrong with it, beside what the same batch answered that was carried out."""
        faults = [f"writes {number} {name} to check" for name, number in self.written.items()]
        if self.reply is not None and _as_said(self.reply) != _as_said(done):
            faults.append("says otherwise what it would come to than what it came to")
        return faults


async def validated(service: str, store: Store, call: Any, request: Any) -> Validated:
    """Asks for what the request asks for, to check only."""
    if "validate_only" not in request.DESCRIPTOR.fields_by_name:
        return Validated()
    checking = type(request)()
    checking.CopyFrom(request)
    checking.validate_only = True
    checking.ClearField("request_id")
    before = await _rows(service, store)
    reply = await call(checking)
    after = await _rows(service, store)
    more = {name: count - before[name] for name, count in after.items()}
    return Validated(reply, {name: number for name, number in more.items() if number})


async def _rows(service: str, store: Store) -> dict[str, int]:
    """How many there are in each table of a service's own, and in its event log."""
    metadata: MetaData = import_module(f"services.{service}.metadata").metadata
    apart = {each for each in store.tables.all() if each is not store.tables.event_log}
    async with store.read(caller=Caller.system("tests")) as tx:
        return {
            table.name: await tx.scalar(select(func.count()).select_from(table))
            for table in metadata.sorted_tables
            if table not in apart
        }


def _as_said(reply: Message) -> Message:
    said = type(reply)()
    said.CopyFrom(reply)
    for each in resources_of(said):
        for name in _CHOSEN:
            if name in each.DESCRIPTOR.fields_by_name:
                each.ClearField(name)
    return said
