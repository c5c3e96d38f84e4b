"""Every method by which a caller names what is created, asked twice under one id: whether what has
the id has the same content is said of each, so that an import can be run again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from google.protobuf.descriptor import Descriptor

from services.chassis.client import Channel
from services.chassis.errors import DomainError, Kind
from services.chassis.status import from_status
from tests.support.asks import Ask, Asked, World
from tests.support.changes import changes_of
from tests.support.otherwise import item_of, items_of, resource_field, reworded

__all__ = ["naming", "wrong_of_taken_ids"]

_CREATED = "created"


def naming(service: str) -> list[Asked]:
    """The methods whose callers may name what they create, alone or in a batch; not those that look
    for it first by other keys, and then create nothing."""
    items = [(each, item_of(each.request)) for each in changes_of(service)]
    return [
        each for each, item in items if _id_field(item) and "match_by" not in item.fields_by_name
    ]


async def wrong_of_taken_ids(world: World, unsaid: Mapping[str, str]) -> dict[str, str]:
    """What is answered other than it should be, by method. `unsaid` are those that say no more than
    that the id is taken, and why."""
    asks = {**world.asks, **world.shared}
    asked = naming(world.service.name)
    await world.prepare({name: [_row(name)] for name in asks})
    channel = await world.service.channel("users/admin", role="admin")
    wrong = {}
    for each in asked:
        got = await _answers(each, asks[each.name], channel)
        same, other = ("", "") if each.name in unsaid else ("true", "false")
        expected = [_CREATED, f"{Kind.ALREADY_EXISTS} {same}", f"{Kind.ALREADY_EXISTS} {other}"]
        if got != expected:
            wrong[each.name] = f"{got} instead of {expected}"
    return wrong


async def _answers(asked: Asked, ask: Ask, channel: Channel) -> list[str]:
    """What is answered to a request, to the same once more, and to another under its id."""
    call = getattr(asked.stub(channel), asked.name)
    request = ask.request(_row(asked.name))
    for item in items_of(request):
        setattr(item, _id_field(item.DESCRIPTOR), f"{asked.name.lower()}-taken")
    answers = [await _answer(call, request), await _answer(call, request)]
    reworded(request)
    return [*answers, await _answer(call, request)]


async def _answer(call: Callable[[Any], Any], request: Any) -> str:
    try:
        reply = await call(request)
    except DomainError as error:
        return _said(error)
    refused = dict(getattr(reply, "failed_requests", {})).values()
    return next((_said(from_status(each)) for each in refused), _CREATED)


def _said(error: DomainError) -> str:
    return f"{error.kind} {error.metadata.get('unchanged', '')}"


def _id_field(request: Descriptor) -> str:
    """`order_id` of a request that writes an `order`."""
    holder = resource_field(request)
    wanted = f"{holder.name}_id" if holder is not None else ""
    return wanted if wanted in request.fields_by_name else ""


def _row(name: str) -> str:
    return f"{name.lower()}-id"
