"""What a customer is and how it changes: defaults, invariants, normal forms, moves."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from dataclasses import fields as fields_of
from datetime import datetime
from typing import Any, Final, Self

from services.chassis.creation import New
from services.chassis.errors import DomainError, Kind, already_exists, failed_precondition, invalid
from services.chassis.etag import expect as expect_etag
from services.chassis.fields.declarations import NOTHING_DECLARED, Declared, FieldValue, filled
from services.customer.contact_points.model import (
    EmailAddress,
    PhoneNumber,
    PostalAddress,
    country_of,
)
from services.customer.customers.model.consents import (
    Consent,
    Said,
    dated_each,
    recorded,
)
from services.customer.customers.model.draft import CustomerKind, Draft, Temperature
from services.customer.customers.model.keys import Key, keys_of
from services.customer.customers.model.lifecycle import LifecycleStage, advance, earned, is_earned
from services.customer.customers.model.names import expect_named, in_normal_form, renamed
from services.customer.happened import expect_happened

__all__ = ["Customer", "expect_alive", "register"]


@dataclass(frozen=True, slots=True)
class Customer:
    """A customer; `delete_time` is None while it is alive.

    The `…_key` fields are normal forms of what stands beside them, for finding it.

    `stage_before_orders` is the lifecycle stage the first order found; None where no order has
    moved the customer.
    """

    name: str
    kind: CustomerKind
    display_name: str
    display_name_key: str
    given_name: str
    family_name: str
    phones: tuple[PhoneNumber, ...]
    phones_key: tuple[str, ...]
    emails: tuple[EmailAddress, ...]
    emails_key: tuple[str, ...]
    addresses: tuple[PostalAddress, ...]
    external_ids: Mapping[str, str]
    consents: tuple[Consent, ...]
    custom_fields: Mapping[str, FieldValue]
    industry: str
    region: str
    lifecycle_stage: LifecycleStage
    stage_before_orders: LifecycleStage | None
    temperature: Temperature | None
    owner: str
    team: str
    source: str
    referred_by: str
    parent_organization: str
    next_follow_up_time: datetime | None
    labels: Mapping[str, str]
    first_seen_time: datetime
    create_time: datetime
    update_time: datetime
    delete_time: datetime | None
    etag: str
    fingerprint: bytes

    @property
    def keys(self) -> frozenset[Key]:
        """By what other systems know them."""
        return keys_of(self.external_ids, self.phones, self.emails)

    def expect(self, etag: str) -> None:
        """Raises ABORTED, ETAG_MISMATCH unless the etag is empty or this version's."""
        expect_etag(etag, self.etag, self.name)

    def change(
        self,
        draft: Draft,
        fields: Collection[str],
        *,
        at: datetime,
        etag: str,
        declared: Declared = NOTHING_DECLARED,
    ) -> Self:
        """The customer with the named fields of the draft; itself where they say nothing new.

        Who leaves a phone number or an email address turns from SUBSCRIBER to LEAD. An empty owner
        or team leaves what is: giving a customer up is not an update.

        Raises FAILED_PRECONDITION, CUSTOMER_DELETED and what `register` raises.
        """
        expect_alive(self.name, self.delete_time)
        values = _given(draft, fields)
        if "custom_fields" in fields:
            before, given_fields = self.custom_fields, draft.custom_fields
            values["custom_fields"] = filled(declared, before, given_fields, new=False)
        given = renamed(self, replace(self, **values), fields)
        changed = in_normal_form(given, country_of(given.addresses, draft.country))
        if changed.lifecycle_stage is LifecycleStage.SUBSCRIBER:
            changed = replace(changed, lifecycle_stage=_first_stage(changed))
        if changed == self:
            return self
        _check(changed)
        return replace(changed, update_time=at, etag=etag)

    def record(self, said: Said, *, at: datetime, etag: str) -> Self:
        """The customer once they have said this, too; itself where a later saying is known.

        Raises FAILED_PRECONDITION, CUSTOMER_DELETED; INVALID_ARGUMENT, CONSENT_TIME_IN_FUTURE.
        """
        expect_alive(self.name, self.delete_time)
        consents = recorded(self.consents, said.dated("consent", at=at))
        if consents == self.consents:
            return self
        return replace(self, consents=consents, update_time=at, etag=etag)

    def delete(self, *, at: datetime, etag: str) -> Self:
        """The customer as deleted. Raises NOT_FOUND, CUSTOMER_DELETED where it is already."""
        if self.delete_time is not None:
            raise DomainError(
                Kind.NOT_FOUND,
                "CUSTOMER_DELETED",
                f"{self.name} is deleted already",
                metadata={"resource": self.name},
            )
        return replace(self, delete_time=at, update_time=at, etag=etag)

    def undelete(self, *, at: datetime, etag: str) -> Self:
        """The customer as it was. Raises ALREADY_EXISTS, CUSTOMER_NOT_DELETED where it is alive."""
        if self.delete_time is None:
            raise already_exists(self.name, "CUSTOMER_NOT_DELETED")
        return replace(self, delete_time=None, update_time=at, etag=etag)

    def bought(self, orders: int, *, at: datetime, etag: str) -> Self:
        """The customer after another order, of now so many that count; itself where nothing moves.

        The first makes a CUSTOMER, the second a REPEAT_CUSTOMER; who is further stays there.
        """
        stage = earned(orders) or self.lifecycle_stage
        if advance(stage) <= advance(self.lifecycle_stage):
            return self
        before = self.stage_before_orders or self.lifecycle_stage
        moved = replace(self, lifecycle_stage=stage, stage_before_orders=before)
        return replace(moved, update_time=at, etag=etag)

    def took_back(self, orders: int, *, at: datetime, etag: str) -> Self:
        """The customer after an order was called off, with so many left that count.

        Only a stage that orders gave is taken back, down to the one the first order found.
        """
        before = self.stage_before_orders
        if before is None or not is_earned(self.lifecycle_stage):
            return self
        left = max(earned(orders) or before, before, key=advance)
        if left is self.lifecycle_stage:
            return self
        kept = None if left is before else before
        moved = replace(self, lifecycle_stage=left, stage_before_orders=kept)
        return replace(moved, update_time=at, etag=etag)

    def differences(self, other: Self) -> tuple[str, ...]:
        """The fields, apart from the bookkeeping, in which the other one differs."""
        return tuple(name for name in _PROFILE if getattr(self, name) != getattr(other, name))


def expect_alive(name: str, delete_time: datetime | None) -> None:
    """Raises FAILED_PRECONDITION, CUSTOMER_DELETED for a deleted customer."""
    if delete_time is not None:
        raise failed_precondition(
            "CUSTOMER_DELETED", f"{name} is deleted; undelete it first", resource=name
        )


def register(
    new: New[Draft],
    *,
    owner: str,
    team: str,
    at: datetime,
    etag: str,
    declared: Declared = NOTHING_DECLARED,
) -> Customer:
    """A new customer, with the custom fields that are declared: LEAD where a phone number or an
    email address is left, else SUBSCRIBER.

    Raises INVALID_ARGUMENT: DISPLAY_NAME_MISSING, REFERRED_BY_ITSELF, PARENT_OF_ITSELF,
    FIRST_SEEN_TIME_IN_FUTURE, CONSENT_TWICE, CONSENT_TIME_IN_FUTURE, and what `filled` raises.
    """
    draft = new.draft
    seen = draft.first_seen_time or at
    expect_happened(seen, "first_seen_time", "FIRST_SEEN_TIME_IN_FUTURE", at=at)
    customer = Customer(
        name=new.name,
        kind=draft.kind,
        display_name=draft.display_name,
        display_name_key="",
        given_name=draft.given_name,
        family_name=draft.family_name,
        phones=draft.phones,
        phones_key=(),
        emails=draft.emails,
        emails_key=(),
        addresses=draft.addresses,
        external_ids=draft.external_ids,
        consents=dated_each(draft.consents, at=at),
        custom_fields=filled(declared, {}, draft.custom_fields, new=True),
        industry=draft.industry,
        region=draft.region,
        lifecycle_stage=draft.lifecycle_stage or _first_stage(draft),
        stage_before_orders=None,
        temperature=draft.temperature,
        owner=owner,
        team=team,
        source=draft.source,
        referred_by=draft.referred_by,
        parent_organization=draft.parent_organization,
        next_follow_up_time=draft.next_follow_up_time,
        labels=draft.labels,
        first_seen_time=seen,
        create_time=at,
        update_time=at,
        delete_time=None,
        etag=etag,
        fingerprint=new.fingerprint,
    )
    customer = in_normal_form(customer, country_of(customer.addresses, draft.country))
    _check(customer)
    return customer


_BOOKKEEPING: Final = frozenset(
    {
        "name",
        "display_name_key",
        "phones_key",
        "emails_key",
        "stage_before_orders",
        "create_time",
        "update_time",
        "delete_time",
        "etag",
        "fingerprint",
    }
)
_PROFILE: Final = tuple(each.name for each in fields_of(Customer) if each.name not in _BOOKKEEPING)


def _given(draft: Draft, fields: Collection[str]) -> dict[str, Any]:
    values = {name: getattr(draft, name) for name in fields}
    return {name: value for name, value in values.items() if value or name not in _KEPT_IF_EMPTY}


_KEPT_IF_EMPTY: Final = frozenset({"owner", "team"})


def _first_stage(known: Draft | Customer) -> LifecycleStage:
    return LifecycleStage.LEAD if known.phones or known.emails else LifecycleStage.SUBSCRIBER


def _check(customer: Customer) -> None:
    expect_named(customer, "a customer")
    if customer.referred_by == customer.name:
        raise invalid("referred_by", "REFERRED_BY_ITSELF", "a customer can't have referred itself")
    if customer.parent_organization == customer.name:
        raise invalid("parent_organization", "PARENT_OF_ITSELF", "a customer can't be its own part")
