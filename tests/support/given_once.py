"""Every update, asked to change what its contract calls IMMUTABLE, or says that methods of its own
change: it says so, changing nothing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from google.api.field_behavior_pb2 import FieldBehavior
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.field_mask_pb2 import FieldMask

from services.chassis.client import Channel
from services.chassis.errors import DomainError, Kind
from tests.support.asks import Ask, Asked, World
from tests.support.changes import changes_of
from tests.support.otherwise import another, behaves, changed_by, resource_field
from tests.support.told import Readings

__all__ = ["changed_though_given_once", "given_once"]


def given_once(service: str) -> dict[str, list[FieldDescriptor]]:
    """The fields that an update may not change, by its method."""
    found = {each.name: list(_given_once(each)) for each in changes_of(service)}
    return {name: fields for name, fields in found.items() if fields}


async def changed_though_given_once(world: World) -> dict[str, str]:
    """What isn't refused, by method: another value, whether a mask names it or there is none."""
    asks = {**world.asks, **world.shared}
    wrong: dict[str, str] = {}
    fields = given_once(world.service.name)
    rows = {name: [_row(name)] if name in fields else [] for name in asks}
    await world.prepare(rows)
    channel = await world.service.channel("users/admin", role="admin")
    for asked in changes_of(world.service.name):
        if asked.name in fields:
            faults = await _faults(asked, asks[asked.name], fields[asked.name], world, channel)
            wrong.update({asked.name: "; ".join(faults)} if faults else {})
    return wrong


async def _faults(
    asked: Asked, ask: Ask, fields: list[FieldDescriptor], world: World, channel: Channel
) -> list[str]:
    request: Any = ask.request(_row(asked.name))
    holder = resource_field(request.DESCRIPTOR)
    assert holder is not None
    there = Readings(world.service.name, channel)
    (before,) = await there.now(getattr(request, holder.name))
    faults = []
    for field in fields:
        whole = type(before)(name=before.name)
        value = another(before, field)
        if field.is_repeated:
            getattr(whole, field.name).extend(value)
        elif field.message_type is not None:
            getattr(whole, field.name).CopyFrom(value)
        else:
            setattr(whole, field.name, value)
        for paths in ([field.name], []):
            change = type(request)(update_mask=FieldMask(paths=paths), **{holder.name: whole})
            said = await _refusal(getattr(asked.stub(channel), asked.name), change)
            if field.name not in said:
                faults.append(f"{said or 'takes'} another {field.name}, mask {paths}")
    if await there.now(before) != [before]:
        faults.append("is changed all the same")
    return faults


async def _refusal(call: Any, change: Any) -> str:
    """What is said of the fields that are refused; nothing, where the change is taken."""
    try:
        await call(change)
    except DomainError as error:
        if error.kind is not Kind.INVALID_ARGUMENT:
            return error.reason
        return "; ".join(f"{each.field} {each.description}" for each in error.violations)
    return ""


def _given_once(asked: Asked) -> Iterator[FieldDescriptor]:
    request = asked.request
    holder = resource_field(request)
    if holder is not None and holder.message_type is not None:
        for each in holder.message_type.fields if "update_mask" in request.fields_by_name else ():
            if behaves(each, FieldBehavior.IMMUTABLE) or changed_by(each):
                yield each


def _row(name: str) -> str:
    return f"{name.lower()}-given-once"
