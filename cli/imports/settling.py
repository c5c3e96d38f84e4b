"""Sends customers, and those again who name an owner or an organization that they can't have any
more: without it, as other values that a customer can do without."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from itertools import chain, combinations

from google.rpc import status_pb2
from guanxi.customer.v1.customers_pb2 import CreateCustomerRequest

from cli.connection import describe, error_info
from cli.imports.customers import NewCustomer
from cli.imports.refusals import LeftOut, Refusals
from cli.imports.result import SoFar
from cli.imports.sending import Tally

_OF_OWNERS = frozenset({"OWNER_UNKNOWN", "OWNER_INACTIVE"})
_FIELDS = ("owner", "parent_organization")

Send = Callable[[SoFar, Sequence[CreateCustomerRequest]], Awaitable[Tally]]


async def send_settled(
    new: Sequence[NewCustomer],
    gone: Mapping[str, str],
    send: Send,
    so_far: SoFar,
    refusals: Refusals,
) -> Tally:
    """Sends customers; `gone` are names of users and organizations that can't be had, with what to
    tell of them. They are sent with what they name first: who is there already may have it still.

    Raises:
        CommandError: what `send` raises.
    """
    tally = await send(so_far, [each.request for each in new])
    reasons = {
        index: found
        for index in sorted({*tally.refused, *tally.changed_elsewhere})
        if (found := _avoidable(new[index].request, gone, tally.refused.get(index)))
    }
    unsettled = list(reasons)
    went_without: dict[int, tuple[str, ...]] = {}
    for fields in _subsets():
        again = [index for index in unsettled if reasons[index].keys() >= set(fields)]
        without = [_without(new[index].request, fields) for index in again]
        sent = await send(SoFar(), without) if without else Tally()
        tally.created += sent.created
        tally.unchanged += sent.unchanged
        for at, index in enumerate(again):
            went_without[index] = fields
            tally.refused.pop(index, None)
            tally.changed_elsewhere.pop(index, None)
            if at in sent.refused:
                tally.refused[index] = sent.refused[at]
            elif at in sent.changed_elsewhere:
                tally.changed_elsewhere[index] = sent.changed_elsewhere[at]
            else:
                unsettled.remove(index)
    # What is told of a row that is refused all the same is dropped with it. A dry run forgives
    # people that the organization isn't there which it would make.
    for index in sorted(went_without.keys() - tally.changed_elsewhere.keys()):
        refusals.left_out.extend(_left_out(new[index], reasons[index], went_without[index]))
    return tally


def _subsets() -> Iterator[tuple[str, ...]]:
    """What may be left out, as little as possible first."""
    return chain.from_iterable(combinations(_FIELDS, count) for count in (1, 2))


def _avoidable(
    request: CreateCustomerRequest, gone: Mapping[str, str], status: status_pb2.Status | None
) -> dict[str, str]:
    """Fields that a customer may have to be without, and why."""
    customer = request.customer
    named = {field: getattr(customer, field) for field in _FIELDS}
    found = {field: gone[name] for field, name in named.items() if name in gone}
    if status is not None and error_info(status).reason in _OF_OWNERS:
        found.setdefault("owner", describe(status))
    return found


def _without(request: CreateCustomerRequest, fields: Sequence[str]) -> CreateCustomerRequest:
    copy = CreateCustomerRequest()
    copy.CopyFrom(request)
    for field in fields:
        copy.customer.ClearField(field)  # type: ignore[arg-type]  # one of _FIELDS
    return copy


def _left_out(
    new: NewCustomer, reasons: Mapping[str, str], fields: Sequence[str]
) -> Iterator[LeftOut]:
    values = {
        "owner": ("owner", new.request.customer.owner),
        "parent_organization": ("company", new.company),
    }
    for field in fields:
        told = f"{reasons[field]}: the customer went in without it"
        yield LeftOut(new.line, *values[field], told)
