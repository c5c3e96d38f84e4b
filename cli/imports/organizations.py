"""The organizations that the people of a file belong to: found by name, or else made."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from guanxi.customer.v1.customers_pb2 import (
    CreateCustomerRequest,
    Customer,
    ListCustomersRequest,
)
from guanxi.customer.v1.customers_pb2_grpc import CustomerServiceStub

from cli.connection import Connection
from cli.imports.cells import BadValue, as_name, folded
from cli.imports.customers import NewCustomer
from cli.imports.refusals import LeftOut, Refusals
from cli.imports.values import content_id

# A filter has at most 30 comparisons and 2,048 bytes.
_MAX_NAMES = 25
_MAX_BYTES = 2_000
_PAGE_SIZE = 1_000
_ASK_SECONDS = 30


class Organizations(NamedTuple):
    """Those that are yet to be made, and the names of those that are deleted, with what to tell."""

    made: list[CreateCustomerRequest]
    deleted: dict[str, str]


async def belong(
    new: Sequence[NewCustomer], refusals: Refusals, connection: Connection
) -> Organizations:
    """Says of every person which organization it belongs to.

    An organization is one of this name in the file or in the suite, a deleted one if there is no
    other. Where there are several, the person goes in without, and this is noted.
    """
    companies = [each.company for each in new if each.company]
    # The suite compares with the space between words, of which a file may have more or less.
    names = {folded(name): name for each in companies for name in (each, _spaced(each))}
    found = _of_file(new)
    deleted: dict[str, str] = {}
    for each in await _of_suite(list(names.values()), connection):
        if each.HasField("delete_time"):
            deleted[each.name] = each.display_name
        found[as_name(each.display_name)].add(each.name)
    known = {called: (names - deleted.keys()) or names for called, names in found.items()}
    made: dict[str, CreateCustomerRequest] = {}
    for person in new:
        if not person.company:
            continue
        try:
            organization = _organization(person.company, known, made)
            person.request.customer.parent_organization = organization
        except BadValue as bad:
            refusals.left_out.append(LeftOut(person.line, "company", person.company, str(bad)))
    return Organizations(
        list(made.values()),
        {name: _is_deleted(name, display_name) for name, display_name in deleted.items()},
    )


def _is_deleted(name: str, display_name: str) -> str:
    return f"{display_name} is deleted; POST /v1/{name}:undelete brings it back"


def _organization(
    company: str, known: Mapping[str, set[str]], made: dict[str, CreateCustomerRequest]
) -> str:
    found = known.get(as_name(company), set())
    if len(found) > 1:
        raise BadValue(f"it could be {' or '.join(sorted(found))}: the person went in without it")
    if found:
        return next(iter(found))
    # No key of a person makes such an id, though it be spelled like the company.
    identifier = content_id("o", as_name(company))
    made.setdefault(
        identifier,
        CreateCustomerRequest(
            customer_id=identifier,
            customer=Customer(kind=Customer.ORGANIZATION, display_name=_spaced(company)),
        ),
    )
    return f"customers/{identifier}"


def _spaced(name: str) -> str:
    return " ".join(name.split())


def _of_file(new: Iterable[NewCustomer]) -> defaultdict[str, set[str]]:
    known: defaultdict[str, set[str]] = defaultdict(set)
    for each in new:
        customer = each.request.customer
        if customer.kind == Customer.ORGANIZATION:
            known[as_name(customer.display_name)].add(f"customers/{each.request.customer_id}")
    return known


async def _of_suite(names: Sequence[str], connection: Connection) -> list[Customer]:
    """The organizations that are called like one of the names, deleted ones included."""
    stub = CustomerServiceStub(connection.channel)
    found: list[Customer] = []
    for condition in _conditions(names):
        reply = await stub.ListCustomers(
            ListCustomersRequest(filter=condition, page_size=_PAGE_SIZE, show_deleted=True),
            metadata=connection.metadata,
            timeout=_ASK_SECONDS,
        )
        found += reply.customers
    return found


def _conditions(names: Sequence[str]) -> Iterator[str]:
    """Filters that ask for all the names, each no longer than a filter may be."""
    some: list[str] = []
    for name in names:
        called = f'display_name = "{_quoted(name)}"'
        if some and (
            len(some) == _MAX_NAMES or len(" OR ".join((*some, called)).encode()) > _MAX_BYTES
        ):
            yield f"kind = ORGANIZATION AND ({' OR '.join(some)})"
            some = []
        some.append(called)
    if some:
        yield f"kind = ORGANIZATION AND ({' OR '.join(some)})"


def _quoted(name: str) -> str:
    return re.sub(r'(["\\*])', r"\\\1", name).replace("\n", "\\n")
