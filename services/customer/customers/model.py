"""What a customer is and how it changes: defaults, invariants, lifecycle. No message, no SQL;
time and names come in as arguments."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from dataclasses import fields as fields_of
from datetime import datetime
from enum import StrEnum
from typing import Any, Final, Self

from services.chassis.creation import New
from services.chassis.errors import DomainError, Kind, already_exists, failed_precondition, invalid
from services.chassis.etag import expect as expect_etag
from services.chassis.normal import folded, phone_keys, with_lower_domains
from services.customer.happened import expect_happened

__all__ = [
    "SETTLED",
    "Customer",
    "CustomerKind",
    "Draft",
    "LifecycleStage",
    "OrderNews",
    "Temperature",
    "expect_alive",
    "register",
]


class CustomerKind(StrEnum):
    """A customer is a person or an organization."""

    PERSON = "PERSON"
    ORGANIZATION = "ORGANIZATION"


class LifecycleStage(StrEnum):
    """How far the relationship has come, in order but for the last two."""

    SUBSCRIBER = "SUBSCRIBER"
    LEAD = "LEAD"
    MARKETING_QUALIFIED_LEAD = "MARKETING_QUALIFIED_LEAD"
    SALES_QUALIFIED_LEAD = "SALES_QUALIFIED_LEAD"
    OPPORTUNITY = "OPPORTUNITY"
    CUSTOMER = "CUSTOMER"
    REPEAT_CUSTOMER = "REPEAT_CUSTOMER"
    ADVOCATE = "ADVOCATE"
    LOST = "LOST"


class Temperature(StrEnum):
    """How warm the relationship is, as the owner sees it."""

    COLD = "COLD"
    WARM = "WARM"
    HOT = "HOT"


@dataclass(frozen=True, slots=True)
class Draft:
    """What a caller wants a customer to be; None and empty stand for what was not stated."""

    display_name: str
    kind: CustomerKind = CustomerKind.PERSON
    phones: tuple[str, ...] = ()
    emails: tuple[str, ...] = ()
    industry: str = ""
    region: str = ""
    lifecycle_stage: LifecycleStage | None = None
    temperature: Temperature | None = None
    owner: str = ""
    team: str = ""
    source: str = ""
    referred_by: str = ""
    parent_organization: str = ""
    next_follow_up_time: datetime | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    first_seen_time: datetime | None = None


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
    phones: tuple[str, ...]
    phones_key: tuple[str, ...]
    emails: tuple[str, ...]
    emails_key: tuple[str, ...]
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

    def expect(self, etag: str) -> None:
        """Raises ABORTED, ETAG_MISMATCH unless the etag is empty or this version's."""
        expect_etag(etag, self.etag, self.name)

    def change(self, draft: Draft, fields: Collection[str], *, at: datetime, etag: str) -> Self:
        """The customer with the named fields of the draft; itself where they say nothing new.

        Who leaves a phone number or an email address turns from SUBSCRIBER to LEAD. An empty owner
        or team leaves what is: giving a customer up is not an update.

        Raises FAILED_PRECONDITION, CUSTOMER_DELETED and what `register` raises.
        """
        expect_alive(self.name, self.delete_time)
        given = replace(self, **_given(draft, fields))
        changed = replace(given, **_keys(given))
        if changed.lifecycle_stage is LifecycleStage.SUBSCRIBER:
            changed = replace(changed, lifecycle_stage=_first_stage(changed.phones, changed.emails))
        if changed == self:
            return self
        _check(changed)
        return replace(changed, update_time=at, etag=etag)

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
        earned = _earned(orders) or self.lifecycle_stage
        if _ADVANCE.index(earned) <= _ADVANCE.index(self.lifecycle_stage):
            return self
        before = self.stage_before_orders or self.lifecycle_stage
        moved = replace(self, lifecycle_stage=earned, stage_before_orders=before)
        return replace(moved, update_time=at, etag=etag)

    def took_back(self, orders: int, *, at: datetime, etag: str) -> Self:
        """The customer after an order was called off, with so many left that count.

        Only a stage that orders gave is taken back, down to the one the first order found.
        """
        before = self.stage_before_orders
        if before is None or self.lifecycle_stage not in _EARNED:
            return self
        left = max(_earned(orders) or before, before, key=_ADVANCE.index)
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


@dataclass(frozen=True, slots=True)
class OrderNews:
    """What is told of an order: whether it counts for its customer from here on."""

    customer: str
    counts: bool


def register(new: New[Draft], *, owner: str, team: str, at: datetime, etag: str) -> Customer:
    """A new customer: LEAD where a phone number or an email address is left, else SUBSCRIBER.

    Raises INVALID_ARGUMENT: DISPLAY_NAME_MISSING, REFERRED_BY_ITSELF, PARENT_OF_ITSELF,
    FIRST_SEEN_TIME_IN_FUTURE.
    """
    draft = new.draft
    seen = draft.first_seen_time or at
    expect_happened(seen, "first_seen_time", "FIRST_SEEN_TIME_IN_FUTURE", at=at)
    customer = Customer(
        name=new.name,
        kind=draft.kind,
        display_name=draft.display_name,
        phones=draft.phones,
        emails=with_lower_domains(draft.emails),
        **_keys(draft),
        industry=draft.industry,
        region=draft.region,
        lifecycle_stage=draft.lifecycle_stage or _first_stage(draft.phones, draft.emails),
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
_KEPT_IF_EMPTY: Final = frozenset({"owner", "team"})
_PROFILE: Final = tuple(each.name for each in fields_of(Customer) if each.name not in _BOOKKEEPING)


def _given(draft: Draft, fields: Collection[str]) -> dict[str, Any]:
    values = {name: getattr(draft, name) for name in fields}
    if "emails" in values:
        values["emails"] = with_lower_domains(draft.emails)
    return {name: value for name, value in values.items() if value or name not in _KEPT_IF_EMPTY}


def _keys(customer: Draft | Customer) -> dict[str, Any]:
    return {
        "display_name_key": folded(customer.display_name),
        "phones_key": tuple(key for each in customer.phones for key in phone_keys(each)),
        "emails_key": tuple(folded(each) for each in customer.emails),
    }


# How far each stage is, for orders: they bring back who was LOST, and leave an ADVOCATE alone.
_ADVANCE: Final = (LifecycleStage.LOST, *(each for each in LifecycleStage if each.name != "LOST"))
_EARNED: Final = (LifecycleStage.CUSTOMER, LifecycleStage.REPEAT_CUSTOMER)
# Stages that no further order changes.
SETTLED: Final = frozenset(_ADVANCE[_ADVANCE.index(LifecycleStage.REPEAT_CUSTOMER) :])


def _earned(orders: int) -> LifecycleStage | None:
    return _EARNED[min(orders, len(_EARNED)) - 1] if orders > 0 else None


def _first_stage(phones: Sequence[str], emails: Sequence[str]) -> LifecycleStage:
    return LifecycleStage.LEAD if phones or emails else LifecycleStage.SUBSCRIBER


def _check(customer: Customer) -> None:
    if not customer.display_name.strip():
        raise invalid("display_name", "DISPLAY_NAME_MISSING", "a customer needs a name")
    if customer.referred_by == customer.name:
        raise invalid("referred_by", "REFERRED_BY_ITSELF", "a customer can't have referred itself")
    if customer.parent_organization == customer.name:
        raise invalid("parent_organization", "PARENT_OF_ITSELF", "a customer can't be its own part")
