"""Every method that changes something, asked without what it needs, to check only, once, again, and
with another request under the same id: what it answers, and what the event log says then. A batch
is asked for two."""

from __future__ import annotations

from collections import Counter
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
from tests.support.otherwise import resources_of
from tests.support.told import Event, Readings, Telling
from tests.support.validated import validated

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
        await self.world.prepare({each.name: _rows(each) for each in asked})
        channel = await self.world.service.channel("users/admin", role="admin")
        faults = {each.name: await self._faults(each, asks[each.name], channel) for each in asked}
        return {name: "; ".join(found) for name, found in faults.items() if found}

    def _is_to_ask(self, asked: Asked) -> bool:
        return _is_once(asked) or asked.name not in self.untold

    async def _faults(self, asked: Asked, ask: Ask, channel: Channel) -> list[str]:
        call = getattr(asked.stub(channel), asked.name)
        request: Any = _request(asked, ask)
        if not_missed := await _not_missed(call, ask.request(_row(asked))):
            return [f"does without {', '.join(not_missed)}"]
        service = self.world.service
        there = Readings(service.name, channel)
        await there.remember(asked, request)
        before = len(await self._events())
        checked = await validated(service.name, service.store, call, request)
        reply = await call(request)
        told = (await self._events())[before:]
        faults = [*checked.faults(reply), *_refused(reply), *_etags_kept(there.before, reply)]
        faults += await self.telling.faults(asked, reply, told, there)
        faults += self._mistold(asked, reply, told)
        if _is_once(asked):
            other: Any = ask.request(f"{_row(asked)}-other")
            faults += await _not_once(call, request, reply, other)
            if len(await self._events()) != before + len(told):
                faults.append("does its work again")
        return faults

    def _mistold(self, asked: Asked, reply: Message, told: Sequence[Event]) -> list[str]:
        if asked.name in self.untold:
            return ["tells of its change, other than this test says"] if told else []
        return _miscounted(reply, told) if told else ["tells of its change by no event"]

    async def _events(self) -> Sequence[Event]:
        store = self.world.service.store
        log = store.tables.event_log
        async with store.read(caller=Caller.system("tests")) as tx:
            return await tx.all(select(log).order_by(log.c.sequence))


def _request(asked: Asked, ask: Ask) -> Any:
    """What is asked; of a batch, about each of its rows."""
    first, *others = _rows(asked)
    request: Any = ask.request(first)
    for each in others:
        another: Any = ask.request(each)
        request.requests.extend(another.requests)
    if _is_once(asked):
        request.request_id = _REQUEST_ID
    return request


def _refused(reply: Any) -> list[str]:
    """Items of a batch that nothing is wrong with, and that it refuses."""
    refused = dict(getattr(reply, "failed_requests", {}))
    return [f"refuses item {n}: {each.message}" for n, each in sorted(refused.items())]


async def _not_once(call: Any, request: Message, reply: Message, other: Any) -> list[str]:
    """What is wrong with the answers to the same request again, and to another under its id."""
    faults = []
    if await _outcome(call, request) != reply:
        faults.append("answers otherwise when the same request comes again")
    other.request_id = _REQUEST_ID
    if await _outcome(call, other) != "REQUEST_ID_REUSED":
        faults.append("takes another request under the same id")
    return faults


def _etags_kept(before: Sequence[Any], reply: Any) -> list[str]:
    """Whether an etag that was read before the change still passes after it."""
    return [
        "leaves the etag as it was"
        for was in before
        if was.DESCRIPTOR is reply.DESCRIPTOR
        and "etag" in was.DESCRIPTOR.fields_by_name
        and was != reply
        and was.etag == reply.etag
    ]


# What is answered, and is nothing that is kept: the events are of what it is made of.
_COMPUTED: Final = frozenset({"guanxi.customer.v1.DecisionChain"})


def _miscounted(reply: Message, told: Sequence[Event]) -> list[str]:
    """What came out and is told of by no event, and what is told of by two."""
    counts = Counter((each.type, each.aggregateid) for each in told)
    faults = [f"tells {type} of {name} twice" for (type, name), n in counts.items() if n > 1]
    names = {name for _, name in counts}
    untold = [
        each.name
        for each in resources_of(reply)
        if each.name not in names and each.DESCRIPTOR.full_name not in _COMPUTED
    ]
    return faults + [f"tells nothing of {name}" for name in untold]


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


def _rows(asked: Asked) -> list[str]:
    """The ids of the rows that it is asked about: of two in a batch."""
    is_batch = "requests" in asked.request.fields_by_name
    return [_row(asked), f"{_row(asked)}-more"] if is_batch else [_row(asked)]
