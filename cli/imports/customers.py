"""Rows of customers → customers, and the organizations that their people belong to."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

from guanxi.customer.v1.contact_points_pb2 import EmailAddress, PhoneNumber
from guanxi.customer.v1.customers_pb2 import CreateCustomerRequest, Customer

from cli.connection import CommandError
from cli.imports import contacts
from cli.imports.cells import BadValue, as_name, folded
from cli.imports.columns import Cells, Field, Located, no_column
from cli.imports.keys import Doubles, Spellings
from cli.imports.placeholders import REASON, is_no_company, is_nobody
from cli.imports.reading import Style, customer_ids
from cli.imports.refusals import LeftOut, Refusals
from cli.imports.sources import Row
from cli.imports.values import content_id, name_in, parse_choice

FIELDS = (
    Field("name", ("display_name", "customer_name", "full_name", "account", "account_name")),
    Field("given_name", ("first_name", "forename", "vorname", "prénom", "voornaam")),
    Field("family_name", ("last_name", "surname", "nachname", "familienname", "achternaam")),
    Field("company", ("company_name", "organization", "organisation", "employer")),
    Field(
        "customer",
        ("customer_id", "id", "customer_number", "customer_no", "record_id"),
        is_key=True,
    ),
    Field("kind", ("type",)),
    Field("phones", ("phone", "phone_number", "mobile", "tel"), is_list=True),
    Field("emails", ("email", "email_address", "mail"), is_list=True),
    Field("industry", ("sector",)),
    Field("region", ("country", "office_location")),
    Field("source", ("channel",)),
    Field("owner", ("sales_agent", "seller", "sales_rep", "contact_owner")),
    Field("team", ()),
    Field("lifecycle_stage", ("stage",)),
    Field("first_seen_time", ("first_seen", "since", "create_date", "created", "created_at")),
)

_NAMES = ("name", "given_name", "family_name", "company")
_KINDS = dict(Customer.Kind.items())
_STAGES = dict(Customer.LifecycleStage.items())
_OPTIONAL: Mapping[str, Callable[[str], Any]] = {
    "team": partial(name_in, "teams", noun="team"),
    "kind": partial(parse_choice, choices=_KINDS, noun="kind"),
    "lifecycle_stage": partial(parse_choice, choices=_STAGES, noun="lifecycle stage"),
}
_HAN = re.compile("[\u3400-\u9fff]+")


class NewCustomer(NamedTuple):
    """A customer to send, its line, and the name of the organization it belongs to, if any."""

    line: int
    request: CreateCustomerRequest
    company: str


def expect_a_name(columns: Located, header: Sequence[str]) -> None:
    """Raises CommandError for a file with no column that can name a customer."""
    if not any(name in columns for name in _NAMES):
        raise CommandError(
            f"{no_column(['name'], header)} Or name those of --map given_name=COLUMN and --map"
            " family_name=COLUMN."
        )


class Collector:
    """Collects customers. A row without a key of its own gets an id made from its name, phones
    and emails, so that importing the file again finds it again."""

    def __init__(self, columns: Located, style: Style, *, refusals: Refusals) -> None:
        self._columns = columns
        self._style = style
        self._refusals = refusals
        self._ids = customer_ids(style)
        self._optional: dict[str, Callable[[str], Any]] = {
            "owner": partial(style.people.named, noun="owner"),
            **_OPTIONAL,
        }
        self._spellings = Spellings()

    def collect(self, rows: Iterable[Row]) -> list[NewCustomer]:
        """Every row that can be read and whose key is one customer's for certain. What a customer
        can be without is left out and noted if it can't be read."""
        collected: list[NewCustomer] = []
        for line, values in rows:
            try:
                collected.append(self._customer(line, Cells(self._columns, values)))
            except BadValue as bad:
                self._refusals.add((line,), str(bad))
        doubles = Doubles()
        for line, request, company in collected:
            key = request.customer_id
            reason = self._spellings.doubtful.get(key)
            if reason := reason or doubles.why_not(key, line, (request, company)):
                self._refusals.add((line,), reason)
        return [each for each in collected if each.line not in self._refusals.reasons]

    def _customer(self, line: int, cell: Cells) -> NewCustomer:
        person = self._unless(is_nobody, line, "name", _name(cell))
        company = self._unless(is_no_company, line, "company", cell["company"])
        if not person and not company:
            name = _name(cell)
            raise BadValue(f"name {name!r} {REASON}" if name else "name is empty")
        key = self._unless(is_nobody, line, "customer", cell["customer"])
        phones, emails = contacts.phones(cell["phones"]), contacts.emails(cell["emails"])
        customer = Customer(
            display_name=person or company,
            given_name=cell["given_name"],
            family_name=cell["family_name"],
            phones=[PhoneNumber(number=each) for each in phones.taken],
            emails=[EmailAddress(address=each) for each in emails.taken],
        )
        request = CreateCustomerRequest(
            customer_id=self._ids[key] if key else _content_id(customer), customer=customer
        )
        customer = request.customer
        if key:
            self._spellings.meet(request.customer_id, key, customer.display_name)
        for field, found in (("phones", phones), ("emails", emails)):
            for value, reason in found.left_out:
                self._leave_out(line, field, value, reason)
        customer.industry = cell["industry"]
        customer.region = cell["region"]
        customer.source = cell["source"]
        self._read_if_possible(line, cell, customer)
        if not customer.kind and not person:
            customer.kind = Customer.ORGANIZATION
        if first_seen := cell["first_seen_time"]:
            customer.first_seen_time.CopyFrom(self._style.times.read(first_seen))
        return NewCustomer(line, request, company if person else "")

    def _read_if_possible(self, line: int, cell: Cells, customer: Customer) -> None:
        """What a customer can be without until somebody says it: noted where it can't be read."""
        for field, read in self._optional.items():
            if text := cell[field]:
                try:
                    setattr(customer, field, read(text))
                except BadValue as bad:
                    self._leave_out(line, field, text, str(bad))

    def _unless(self, is_none: Callable[[str], bool], line: int, field: str, text: str) -> str:
        """The text, unless it is a word for none, which is noted."""
        if not is_none(text):
            return text
        self._leave_out(line, field, text, REASON)
        return ""

    def _leave_out(self, line: int, field: str, value: str, reason: str) -> None:
        told = f"{reason}: the customer went in without it"
        self._refusals.left_out.append(LeftOut(line, field, value, told))


def _content_id(customer: Customer) -> str:
    """The same for a customer without a key in every export, however it is written."""
    phones = ";".join(contacts.phone_digits(each.number) for each in customer.phones)
    emails = ";".join(folded(each.address) for each in customer.emails)
    return content_id("c", as_name(customer.display_name), phones, emails)


def _name(cell: Cells) -> str:
    """The whole name, or what its two halves make; a Chinese family name comes first."""
    if name := cell["name"]:
        return name
    given, family = cell["given_name"], cell["family_name"]
    if _HAN.fullmatch(given) and _HAN.fullmatch(family):
        return f"{family}{given}"
    return f"{given} {family}".strip()
