"""Whose the rows are that methods are about, besides their owner's and team's.

Which methods are about rows that are given to somebody: their contract has an `assignee`, or the
table of their slice. The contract alone would do, were there no other word for it; the table alone
would not, since leaving it out there is what shows nothing to whom the row is given."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from importlib.util import find_spec

from google.protobuf.descriptor_pool import Default
from sqlalchemy import Table

from services.chassis.records import Records
from services.chassis.store import OfCustomer, Owned
from tests.support.asks import Asked
from tests.support.otherwise import is_resource, item_of, resource_field

__all__ = ["is_of_assigned", "is_of_one"]


def is_of_assigned(asked: Asked) -> bool:
    """Whether it is about rows that an assignee sees. What is new is nobody's yet."""
    request = item_of(asked.request)
    is_new = resource_field(request) is not None and "update_mask" not in request.fields_by_name
    return not is_new and _is_assigned(asked.method.service, asked.stub.__module__)


def is_of_one(asked: Asked) -> bool:
    """Whether it is about rows that are their owner's alone: of no team, and nobody is named for
    them."""
    owned = _sights_of(asked.stub.__module__)
    return bool(owned) and all(
        isinstance(each, Owned) and each.team is None and not each.named for each in owned
    )


@cache
def _is_assigned(service: str, stubs: str) -> bool:
    """Whether the rows of a slice have an assignee. What everybody sees (rules) is given to nobody
    by naming one."""
    owned = _sights_of(stubs)
    return any(each.assignee is not None for each in owned) or bool(owned and _names_one(service))


def _sights_of(stubs: str) -> list[Owned | OfCustomer]:
    """How the rows of a slice are seen that belong to somebody."""
    _, package, _, module = stubs.split(".")
    store = f"services.{package}.{module.removesuffix('_pb2_grpc')}.store"
    kept = vars(import_module(store)).values() if find_spec(store) else ()
    tables = [each.table if isinstance(each, Records) else each for each in kept]
    sights = [each.info.get("sight") for each in tables if isinstance(each, Table)]
    return [each for each in sights if isinstance(each, Owned | OfCustomer)]


def _names_one(service: str) -> bool:
    """Whether a resource of the contract has an assignee."""
    messages = Default().FindServiceByName(service).file.message_types_by_name.values()
    return any(is_resource(each) and "assignee" in each.fields_by_name for each in messages)
