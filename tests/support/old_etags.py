"""Every change that takes an etag, asked under one that the row never had."""

from __future__ import annotations

from typing import Any

from services.chassis.client import Channel
from services.chassis.errors import DomainError
from tests.support.asks import Ask, Asked, World
from tests.support.changes import changes_of
from tests.support.otherwise import resource_field

__all__ = ["guarded", "taken_under_old_etags"]

_OLD = "of-another-time"


def guarded(service: str) -> list[Asked]:
    """The methods that change what they are told the etag of."""
    return [each for each in changes_of(service) if _guard(each)]


async def taken_under_old_etags(world: World) -> dict[str, str]:
    """What is answered other than that the row has changed meanwhile, by method."""
    asks = {**world.asks, **world.shared}
    asked = [each for each in guarded(world.service.name) if each.name in asks]
    await world.prepare({each.name: [_row(each)] for each in asked})
    channel = await world.service.channel("users/admin", role="admin")
    said = {each.name: await _outcome(each, asks[each.name], channel) for each in asked}
    return {name: reason for name, reason in said.items() if reason != "ETAG_MISMATCH"}


async def _outcome(asked: Asked, ask: Ask, channel: Channel) -> str:
    request: Any = ask.request(_row(asked))
    *holder, etag = _guard(asked)
    setattr(getattr(request, holder[0]) if holder else request, etag, _OLD)
    try:
        await getattr(asked.stub(channel), asked.name)(request)
    except DomainError as error:
        return error.reason
    return "is done all the same"


def _guard(asked: Asked) -> tuple[str, ...]:
    """Where the etag stands: in the request, or in the resource that it changes."""
    if "etag" in asked.request.fields_by_name:
        return ("etag",)
    holder = resource_field(asked.request)
    changes = holder is not None and "update_mask" in asked.request.fields_by_name
    resource = holder.message_type if holder is not None and changes else None
    if holder is None or resource is None or "etag" not in resource.fields_by_name:
        return ()
    return (holder.name, "etag")


def _row(asked: Asked) -> str:
    return f"{asked.name.lower()}-guarded"
