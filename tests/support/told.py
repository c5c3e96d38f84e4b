"""What an event has to say of a change: the whole resource as it is afterwards, in the order of its
customer; and by its type what was done with it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from google.protobuf.descriptor import Descriptor
from google.protobuf.descriptor_pool import Default
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from sqlalchemy import Row

from services.chassis.client import Channel
from services.chassis.errors import DomainError, Kind
from tests.support.asks import Asked, methods_of
from tests.support.otherwise import resource_field

__all__ = ["Event", "Readings", "Telling", "resource_of", "type_named"]

Event = Row[*tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class Telling:
    """How a service tells of its changes.

    `spoken` are the events of methods whose verb has no regular past, or that say less than their
    verb. `apart` are the fields that an event says otherwise than a reply, and why.
    """

    spoken: Mapping[str, str] = field(default_factory=dict)
    apart: Mapping[str, str] = field(default_factory=dict)

    async def faults(
        self, asked: Asked, reply: Message, told: Sequence[Event], there: Readings
    ) -> list[str]:
        """What is wrong with the events of a change that was answered so."""
        faults = [f"{each.type} {fault}" for each in told for fault in _misplaced(each)]
        for event in told:
            whole = _whole(event)
            states = await there.states(whole, reply)
            if not states:
                faults.append(f"{event.type} is of {whole.name}, which is answered nowhere")
            faults += [
                f"{event.type} says {each} as it isn't"
                for each in sorted({n for state in states for n in self._differing(whole, state)})
            ]
        return faults + self._misspoken(asked, told)

    def _differing(self, whole: Any, state: Message) -> list[str]:
        return [
            each.name
            for each in whole.DESCRIPTOR.fields
            if each.full_name not in self.apart
            and getattr(whole, each.name) != getattr(state, each.name)
        ]

    def _misspoken(self, asked: Asked, told: Sequence[Event]) -> list[str]:
        """Whoever reads the log learns from the type what was done, in the verb of the method."""
        resource, spoken = resource_of(asked), asked.name in self.spoken
        kinds = {
            _short(each) for each in told if spoken or _whole(each).DESCRIPTOR.name == resource
        }
        pasts = {self.spoken.get(asked.name, "")} - {""} or set(_pasts(resource, _verb(asked)))
        if told and not (len(kinds) == 1 and kinds <= pasts):
            return [f"tells {sorted(kinds)} instead of {' or '.join(sorted(pasts))}"]
        return []


@dataclass(frozen=True, slots=True)
class Readings:
    """What may be read of resources, by somebody who sees all of them.

    `before` is what a change was about, as it was read before.
    """

    service: str
    channel: Channel
    before: list[Any] = field(default_factory=list)

    async def remember(self, asked: Asked, request: Any) -> None:
        """Reads what the request will change, if it names that, or holds it."""
        kind = type_named(self.service, resource_of(asked))
        if all("name" in each.fields_by_name for each in (request.DESCRIPTOR, kind)):
            self.before[:] = await self.now(GetMessageClass(kind)(name=request.name))
        elif "update_mask" in request.DESCRIPTOR.fields_by_name:
            holder = resource_field(request.DESCRIPTOR)
            assert holder is not None
            self.before[:] = await self.now(getattr(request, holder.name))

    async def states(self, whole: Any, reply: Message) -> list[Any]:
        """What has become of it, as it was answered and as it is read. A batch may answer less, and
        counts where nothing can be read; where it is gone, what it was."""
        if reply.DESCRIPTOR is whole.DESCRIPTOR:
            return [reply, *await self.now(whole)]
        return await self.now(whole) or _listed(reply, whole) or self._gone(whole, reply)

    async def now(self, whole: Any) -> list[Any]:
        """What is read of it now: nothing, where it isn't there or can't be read."""
        wanted = f"Get{whole.DESCRIPTOR.name}"
        get = next((each for each in methods_of(self.service) if each.name == wanted), None)
        if get is None:
            return []
        kind = GetMessageClass(Default().FindMessageTypeByName(get.method.request_type))
        by_name = "name" in kind.DESCRIPTOR.fields_by_name
        request: Any = kind(name=whole.name) if by_name else kind()
        try:
            return [await getattr(get.stub(self.channel), wanted)(request)]
        except DomainError as error:
            if error.kind is Kind.NOT_FOUND:
                return []
            raise

    def _gone(self, whole: Any, reply: Message) -> list[Any]:
        """What it was before it was deleted, with what the reply says of it."""
        states = [each for each in self.before if each.name == whole.name]
        for state in states:
            for each in reply.DESCRIPTOR.fields:
                if each.name in state.DESCRIPTOR.fields_by_name:
                    setattr(state, each.name, getattr(reply, each.name))
        return states


def resource_of(asked: Asked) -> str:
    """The resource that a method is about: `Order` for `ConfirmOrder` and `BatchCreateOrders`."""
    response = Default().FindMessageTypeByName(asked.method.response_type)
    if not asked.name.startswith("Batch"):
        return asked.name.removeprefix(_verb(asked))
    lists = [each.message_type for each in response.fields if each.message_type is not None]
    inner = [each.message_type for one in lists for each in one.fields if each.message_type]
    return next(each.name for each in (*lists, *inner) if "name" in each.fields_by_name)


def type_named(service: str, resource: str) -> Descriptor:
    return Default().FindMessageTypeByName(f"guanxi.{service}.v1.{resource}")


def _verb(asked: Asked) -> str:
    found = re.match(r"(?:Batch)?([A-Z][a-z]+)", asked.name)
    assert found, asked.name
    return found[1]


def _pasts(resource: str, verb: str) -> Iterator[str]:
    if verb.endswith("e"):
        yield f"{resource}{verb}d"
    else:
        yield from (f"{resource}{verb}ed", f"{resource}{verb}{verb[-1]}ed")


def _listed(reply: Message, whole: Any) -> list[Any]:
    """What a reply says of it among others."""
    lists = [each.name for each in reply.DESCRIPTOR.fields if each.message_type is whole.DESCRIPTOR]
    return [each for name in lists for each in getattr(reply, name) if each.name == whole.name]


def _misplaced(event: Event) -> list[str]:
    """What is wrong with its place: it is of what it carries, and comes in the order of the
    customer whose it is."""
    whole = _whole(event)
    faults = []
    if event.aggregateid != whole.name:
        faults.append(f"carries {whole.name}, and says it is of {event.aggregateid}")
    expected = _customer_of(whole) or event.aggregateid
    if event.partition_key != expected:
        faults.append(f"is in the order of {event.partition_key} instead of {expected}")
    return faults


def _whole(event: Event) -> Any:
    kind = Default().FindMessageTypeByName(event.type)
    (first,) = (each for each in kind.fields if each.number == 1)
    return getattr(GetMessageClass(kind).FromString(event.payload), first.name)


def _customer_of(whole: Any) -> str:
    name: str = whole.name
    if name.startswith("customers/"):
        return "/".join(name.split("/")[:2])
    return getattr(whole, "customer", "")


def _short(event: Event) -> str:
    return str(event.type).rpartition(".")[2]
