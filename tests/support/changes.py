"""Every method that changes something, asked without what it needs, once, again, and with another
request under the same id: what it answers, and what the event log says then."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any, Final

from google.api import field_behavior_pb2
from google.protobuf.message import Message
from sqlalchemy import select

from services.chassis.caller import Caller
from services.chassis.client import Channel
from services.chassis.descriptors import Idempotency
from services.chassis.errors import DomainError, Kind
from tests.support.asks import Ask, Asked, World, methods_of
from tests.support.told import Event, Readings, Telling

__all__ = ["Changes", "changes_of"]

BEHAVIOR: Final = field_behavior_pb2.field_behavior
_REQUEST_ID: Final = "0197c8f4-6a5e-7000-8000-000000000001"


def changes_of(service: str) -> list[Asked]:
    """The methods that don't only read."""
    return [each for each in methods_of(service) if not each.reads]


@dataclass(frozen=True, slots=True)
class Changes:
    """A world's methods that change something.

    `untold` are those whose change is no event, and why; `telling` is how all others tell.
    """

    world: World
    untold: Mapping[str, str]
    telling: Telling

    async def wrong(self) -> dict[str, str]:
        """What isn't as the contract says, by method."""
        asks = {**self.world.asks, **self.world.shared}
        there = changes_of(self.world.service.name)
        asked = [each for each in there if each.name in asks]
        unsaid = [each.name for each in there if each not in asked and self._is_to_ask(each)]
        assert not unsaid, f"say in tests/support/worlds how one asks for {unsaid}"
        await self.world.prepare({each.name: [_row(each)] for each in asked})
        channel = await self.world.service.channel("users/admin", role="admin")
        faults = {each.name: await self._faults(each, asks[each.name], channel) for each in asked}
        return {name: "; ".join(found) for name, found in faults.items() if found}

    def _is_to_ask(self, asked: Asked) -> bool:
        return _is_once(asked) or asked.name not in self.untold

    async def _faults(self, asked: Asked, ask: Ask, channel: Channel) -> list[str]:
        call = getattr(asked.stub(channel), asked.name)
        request: Any = ask.request(_row(asked))
        if _is_once(asked):
            request.request_id = _REQUEST_ID
        if not_missed := await _not_missed(call, ask.request(_row(asked))):
            return [f"does without {', '.join(not_missed)}"]
        there = Readings(self.world.service.name, channel)
        await there.remember(asked, request)
        before = len(await self._events())
        reply = await call(request)
        told = (await self._events())[before:]
        faults = await self.telling.faults(asked, reply, told, there)
        if not told and asked.name not in self.untold:
            faults.append("tells of its change by no event")
        if told and asked.name in self.untold:
            faults.append("tells of its change, other than this test says")
        if _is_once(asked):
            if await _outcome(call, request) != reply:
                faults.append("answers otherwise when the same request comes again")
            other: Any = ask.request(f"{_row(asked)}-other")
            other.request_id = _REQUEST_ID
            if await _outcome(call, other) != "REQUEST_ID_REUSED":
                faults.append("takes another request under the same id")
            if len(await self._events()) != before + len(told):
                faults.append("does its work again")
        return faults

    async def _events(self) -> Sequence[Event]:
        store = self.world.service.store
        log = store.tables.event_log
        async with store.read(caller=Caller.system("tests")) as tx:
            return await tx.all(select(log).order_by(log.c.sequence))


async def _outcome(call: Any, request: Message) -> object:
    """The reply, or the reason why there is none."""
    try:
        return await call(request)
    except DomainError as error:
        return error.reason


async def _not_missed(call: Any, request: Message) -> list[str]:
    """The fields that the contract calls REQUIRED, and without which the request is not refused."""
    not_missed = []
    for path in _required(request):
        lacking: Any = type(request)()
        lacking.CopyFrom(request)
        *outer, last = path
        reduce(getattr, outer, lacking).ClearField(last)
        try:
            await call(lacking)
        except DomainError as error:
            if error.kind is Kind.INVALID_ARGUMENT:
                continue
        not_missed.append(".".join(path))
    return not_missed


def _required(message: Message) -> Iterator[tuple[str, ...]]:
    """The fields that the request needs. A change says by its mask what it is about."""
    is_change = "update_mask" in message.DESCRIPTOR.fields_by_name
    for field in message.DESCRIPTOR.fields:
        if field_behavior_pb2.REQUIRED in field.GetOptions().Extensions[BEHAVIOR]:
            yield (field.name,)
        is_part = field.message_type is not None and not field.is_repeated
        if is_part and message.HasField(field.name) and not is_change:
            inner = _required(getattr(message, field.name))
            yield from ((field.name, *path) for path in inner)


def _is_once(asked: Asked) -> bool:
    """Whether it promises to do its work once for a request id."""
    return asked.method.idempotency is Idempotency.REQUEST_ID


def _row(asked: Asked) -> str:
    return f"{asked.name.lower()}-once"
