"""What becomes of the rows of a customer who is deleted afterwards: nothing new is written for
them, and lists do what their contracts say."""

from __future__ import annotations

from typing import Any

from google.protobuf.descriptor import Descriptor
from google.protobuf.descriptor_pool import Default

from services.chassis.client import Channel
from services.chassis.descriptors import load_catalogue
from services.chassis.errors import DomainError
from services.chassis.status import from_status
from tests.support.asks import Asked, World, methods_of
from tests.support.otherwise import (
    is_resource,
    item_of,
    pattern_of,
    resource_field,
    resources_of,
)
from tests.support.sight_matrix import READ_ROW

__all__ = ["lists_of_customers", "written_for_customers", "wrong_of_deleted"]

_LEFT_OUT, _KEPT = "but those of deleted customers", "those of deleted customers among them"


def written_for_customers(service: str) -> list[Asked]:
    """The methods that write something new for a customer, alone or in a batch."""
    changes = (each for each in methods_of(service) if not each.reads)
    return [each for each in changes if _is_new_of_customer(item_of(each.request))]


def lists_of_customers(service: str) -> list[Asked]:
    """The lists of what is kept of customers, whoever they are."""
    reads = (each for each in methods_of(service) if each.reads)
    return [each for each in reads if "page_size" in each.request.fields_by_name and _lists(each)]


async def wrong_of_deleted(world: World) -> dict[str, str]:
    """What isn't as it should be, by method."""
    assert world.delete is not None
    service = world.service.name
    written = written_for_customers(service)
    lists = [each for each in lists_of_customers(service) if _is_of_everybody(world, each)]
    rows = {each.name: [f"{each.name.lower()}-gone"] for each in written}
    await world.prepare({**rows, **{each.name: [READ_ROW] for each in lists}})
    channel = await world.service.channel("users/admin", role="admin")
    before = {each.name: await _listed(world, each, channel) for each in lists}
    await world.delete([READ_ROW, *(row for found in rows.values() for row in found)])
    wrong = {}
    for each in written:
        said = await _refusal(world, each, rows[each.name][0], channel)
        if said != "CUSTOMER_DELETED":
            wrong[each.name] = f"{said or 'is done'} for a customer who is deleted"
    for each in lists:
        fault = _fault(each, before[each.name], await _listed(world, each, channel))
        wrong.update({each.name: fault} if fault else {})
    return wrong


def _fault(asked: Asked, before: set[str], after: set[str]) -> str:
    comment = " ".join(load_catalogue().comments[f"{asked.method.service}.{asked.name}"].split())
    if not before:
        return "lists nothing: ask otherwise"
    if _LEFT_OUT not in comment and _KEPT not in comment:
        return f"doesn't say whether it lists everybody's '{_LEFT_OUT}', or '{_KEPT}'"
    expected = before if _KEPT in comment else set()
    return "" if after == expected else f"lists {sorted(after)} of deleted customers"


async def _listed(world: World, asked: Asked, channel: Channel) -> set[str]:
    """What it shows of the one customer that the world's reads are about."""
    reply = await getattr(asked.stub(channel), asked.name)(world.asks[asked.name].request(READ_ROW))
    of_row = f"customers/{READ_ROW}"
    return {
        each.name
        for each in resources_of(reply)
        if of_row in (getattr(each, "customer", ""), "/".join(each.name.split("/")[:2]))
    }


async def _refusal(world: World, asked: Asked, row: str, channel: Channel) -> str:
    """Why it is refused, if it is."""
    call = getattr(asked.stub(channel), asked.name)
    try:
        reply: Any = await call(world.asks[asked.name].request(row))
    except DomainError as error:
        return error.reason
    refused = dict(getattr(reply, "failed_requests", {})).values()
    return next((from_status(each).reason for each in refused), "")


def _is_new_of_customer(request: Descriptor) -> bool:
    holder = resource_field(request)
    if holder is None or "update_mask" in request.fields_by_name:
        return False
    return _is_kept_of_customer(holder.message_type)


def _lists(asked: Asked) -> bool:
    reply = Default().FindMessageTypeByName(asked.method.response_type)
    lists = [each.message_type for each in reply.fields if each.is_repeated]
    return any(is_resource(each) and _is_kept_of_customer(each) for each in lists)


def _is_kept_of_customer(resource: Descriptor | None) -> bool:
    if resource is None or "customer" in resource.fields_by_name:
        return resource is not None
    first, _, beneath = pattern_of(resource.fields_by_name["name"]).partition("/")
    return first == "^customers" and "/" in beneath


def _is_of_everybody(world: World, asked: Asked) -> bool:
    request: Any = world.asks[asked.name].request(READ_ROW)
    return not getattr(request, "parent", "").startswith(f"customers/{READ_ROW}")
