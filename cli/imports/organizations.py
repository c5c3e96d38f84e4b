"""The organizations that the people of a file belong to: found by name, or else made."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

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


async def belong(
    new: Sequence[NewCustomer], refusals: Refusals, connection: Connection
) -> list[CreateCustomerRequest]:
    """Says of every person which organization it belongs to; returns those yet to be made.

    An organization is one of this name in the file or in the suite. Where there are several, the
    person goes in without, and this is noted.
    """
    companies = [each.company for each in new if each.company]
    # The suite compares with the space between words, of which a file may have more or less.
    names = {folded(name): name for each in companies for name in (each, _spaced(each))}
    known = _of_file(new)
    for name, found in (await _of_suite(list(names.values()), connection)).items():
        known[name] |= found
    made: dict[str, CreateCustomerRequest] = {}
    for each in new:
        if not each.company:
            continue
        try:
            each.request.customer.parent_organization = _organization(each.company, known, made)
        except BadValue as bad:
            refusals.left_out.append(LeftOut(each.line, "company", each.company, str(bad)))
    return list(made.values())


def _organization(
    company: str, known: dict[str, set[str]], made: dict[str, CreateCustomerRequest]
) -> str:
    found = known[as_name(company)]
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


async def _of_suite(names: Sequence[str], connection: Connection) -> dict[str, set[str]]:
    """Names of organizations by what they are called, of those called like one of the names."""
    stub = CustomerServiceStub(connection.channel)
    known: defaultdict[str, set[str]] = defaultdict(set)
    for condition in _conditions(names):
        reply = await stub.ListCustomers(
            ListCustomersRequest(filter=condition, page_size=_PAGE_SIZE),
            metadata=connection.metadata,
            timeout=_ASK_SECONDS,
        )
        for customer in reply.customers:
            known[as_name(customer.display_name)].add(customer.name)
    return known


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
