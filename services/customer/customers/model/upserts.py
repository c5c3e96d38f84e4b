"""Finding the customer whom another system means, and what it adds to what is known."""

from collections.abc import Callable, Collection, Hashable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple, TypeVar

from services.chassis.creation import New
from services.chassis.errors import DomainError, Kind, failed_precondition, invalid
from services.chassis.fields.declarations import NOTHING_DECLARED, Declared
from services.customer.contact_points.model import (
    country_of,
    email_identity,
    phone_identity,
    read_email,
    read_phone,
)
from services.customer.customers.model.consents import added, dated_each
from services.customer.customers.model.customer import Customer
from services.customer.customers.model.draft import Draft
from services.customer.customers.model.keys import Key, KeyKind, keys_of

__all__ = ["Upsert", "UpsertOutcome", "Upserted", "enrich", "expect_one", "wanted_keys"]

T = TypeVar("T")


class UpsertOutcome(StrEnum):
    """What was done."""

    CREATED = "CREATED"
    UPDATED = "UPDATED"
    UNCHANGED = "UNCHANGED"


@dataclass(frozen=True, slots=True)
class Upsert:
    """A customer who is to be found by the keys of these kinds, or created; `fields` are those of
    the draft that are stated."""

    new: New[Draft]
    fields: Collection[str]
    match_by: frozenset[KeyKind]
    etag: str = ""


class Upserted(NamedTuple):
    """The customer as they are then, and what was done."""

    customer: Customer
    outcome: UpsertOutcome


def wanted_keys(upsert: Upsert) -> frozenset[Key]:
    """The keys that the customer is to be found by.

    Raises INVALID_ARGUMENT, UPSERT_KEY_MISSING where the draft has none of those kinds.
    """
    draft = upsert.new.draft
    country = country_of(draft.addresses, draft.country)
    every = keys_of(
        draft.external_ids,
        (read_phone(each, country) for each in draft.phones),
        (read_email(each) for each in draft.emails),
    )
    wanted = frozenset(key for key in every if key.kind in upsert.match_by)
    if not wanted:
        kinds = ", ".join(sorted(upsert.match_by))
        raise invalid("match_by", "UPSERT_KEY_MISSING", f"the customer has nothing of {kinds}")
    return wanted


def expect_one(names: Collection[str]) -> str:
    """The only one of the names; empty where there is none.

    Raises FAILED_PRECONDITION, UPSERT_AMBIGUOUS, which names all of them.
    """
    if len(names) > 1:
        found = ", ".join(sorted(names))
        raise DomainError(
            Kind.FAILED_PRECONDITION,
            "UPSERT_AMBIGUOUS",
            f"what is given matches {found}: merge them, or match by less",
            metadata={"customers": found},
        )
    return next(iter(names), "")


def enrich(
    customer: Customer,
    draft: Draft,
    fields: Collection[str],
    *,
    at: datetime,
    etag: str,
    declared: Declared = NOTHING_DECLARED,
) -> Customer:
    """The customer with what the draft states and adds: a system that knows one phone number takes
    none away. Itself where all of it is known.

    Raises FAILED_PRECONDITION, EXTERNAL_ID_DIFFERS, what `change` and `dated_each` raise.
    """
    _expect_same_ids(customer, draft)
    changed = customer.change(_merged(customer, draft), fields, at=at, etag=etag, declared=declared)
    consents = added(customer.consents, dated_each(draft.consents, at=at))
    if consents == customer.consents:
        return changed
    return replace(changed, consents=consents, update_time=at, etag=etag)


def _expect_same_ids(customer: Customer, draft: Draft) -> None:
    for system, id in draft.external_ids.items():
        known = customer.external_ids.get(system, id)
        if known != id:
            raise failed_precondition(
                "EXTERNAL_ID_DIFFERS",
                f"{customer.name} is {known} for {system}, not {id}",
                resource=customer.name,
                system=system,
            )


def _merged(customer: Customer, draft: Draft) -> Draft:
    """The draft with what is known already before what it adds."""
    country = country_of(draft.addresses, draft.country)
    phones = [read_phone(each, country) for each in draft.phones]
    emails = [read_email(each) for each in draft.emails]
    return replace(
        draft,
        phones=_joined(customer.phones, phones, lambda each: phone_identity(each) or each.number),
        emails=_joined(customer.emails, emails, email_identity),
        addresses=_joined(customer.addresses, draft.addresses, lambda each: each),
        labels={**customer.labels, **draft.labels},
        external_ids={**customer.external_ids, **draft.external_ids},
    )


def _joined(
    known: tuple[T, ...], more: Iterable[T], identity: Callable[[T], Hashable]
) -> tuple[T, ...]:
    """What is known, and of `more` what isn't."""
    there = {identity(each): each for each in known}
    new = {identity(each): each for each in more}
    return (*known, *(each for key, each in new.items() if key not in there))
