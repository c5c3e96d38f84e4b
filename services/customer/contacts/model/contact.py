"""What a contact is and how it changes."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from dataclasses import fields as fields_of
from datetime import datetime
from enum import StrEnum
from typing import Final, Self

from services.chassis.creation import New
from services.chassis.errors import DomainError, failed_precondition, invalid
from services.chassis.etag import expect as expect_etag
from services.chassis.fields.declarations import (
    NOTHING_DECLARED,
    Declared,
    FieldValue,
    Given,
    filled,
)
from services.customer.contact_points.model import EmailAddress, PhoneNumber
from services.customer.customers.model import expect_named, in_normal_form, renamed

__all__ = ["Contact", "Draft", "Role", "Stance", "expect_no_circle", "meet"]

_REPORTS_TO: Final = "reports_to"


class Role(StrEnum):
    """What part somebody has in a decision to buy."""

    INITIATOR = "INITIATOR"
    USER = "USER"
    INFLUENCER = "INFLUENCER"
    EVALUATOR = "EVALUATOR"
    APPROVER = "APPROVER"
    DECISION_MAKER = "DECISION_MAKER"
    GATEKEEPER = "GATEKEEPER"


class Stance(StrEnum):
    """How somebody stands to buying from us."""

    CHAMPION = "CHAMPION"
    SUPPORTER = "SUPPORTER"
    NEUTRAL = "NEUTRAL"
    SKEPTIC = "SKEPTIC"
    OPPONENT = "OPPONENT"


@dataclass(frozen=True, slots=True)
class Draft:
    """What a caller wants a contact of an organization to be; None and empty stand for what was not
    stated. An `approval_order` of 0 is one who doesn't sign. `country` is the company's: phone
    numbers without a country code are read as of it, unless an address of the organization says
    another one."""

    organization: str
    display_name: str = ""
    given_name: str = ""
    family_name: str = ""
    phones: tuple[PhoneNumber, ...] = ()
    emails: tuple[EmailAddress, ...] = ()
    job_title: str = ""
    department: str = ""
    role: Role | None = None
    approval_order: int = 0
    stance: Stance | None = None
    customer: str = ""
    reports_to: str = ""
    notes: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    custom_fields: Mapping[str, Given | None] = field(default_factory=dict)
    country: str = ""


@dataclass(frozen=True, slots=True)
class Contact:
    """Somebody at an organization, or who was there. `customer` is who they are as a customer of
    their own; the `…_key` fields are normal forms of what stands beside them, for finding it."""

    name: str
    organization: str
    display_name: str
    display_name_key: str
    given_name: str
    family_name: str
    phones: tuple[PhoneNumber, ...]
    phones_key: tuple[str, ...]
    emails: tuple[EmailAddress, ...]
    emails_key: tuple[str, ...]
    job_title: str
    department: str
    role: Role | None
    approval_order: int
    stance: Stance | None
    approval_time: datetime | None
    customer: str
    reports_to: str
    notes: str
    labels: Mapping[str, str]
    custom_fields: Mapping[str, FieldValue]
    active: bool
    deactivate_time: datetime | None
    create_time: datetime
    update_time: datetime
    etag: str
    fingerprint: bytes

    def expect(self, etag: str) -> None:
        """Raises ABORTED, ETAG_MISMATCH unless the etag is empty or this version's."""
        expect_etag(etag, self.etag, self.name)

    def change(
        self,
        draft: Draft,
        fields: Collection[str],
        *,
        country: str,
        at: datetime,
        etag: str,
        declared: Declared = NOTHING_DECLARED,
    ) -> Self:
        """The contact with the named fields of the draft; itself where they say nothing new. Who
        doesn't sign any more has not approved either. `country` is that of phone numbers without a
        code. Raises what `meet` raises."""
        values = {name: getattr(draft, name) for name in fields}
        if "custom_fields" in fields:
            before, given_fields = self.custom_fields, draft.custom_fields
            values["custom_fields"] = filled(declared, before, given_fields, new=False)
        given = replace(self, **values)
        changed = in_normal_form(renamed(self, given, fields), country)
        if not changed.approval_order:
            changed = replace(changed, approval_time=None)
        if changed == self:
            return self
        _check(changed)
        return replace(changed, update_time=at, etag=etag)

    def deactivate(self, *, at: datetime, etag: str) -> Self:
        """The contact as one who has left. Raises FAILED_PRECONDITION, CONTACT_INACTIVE."""
        self._expect_active()
        return replace(self, active=False, deactivate_time=at, update_time=at, etag=etag)

    def reactivate(self, *, at: datetime, etag: str) -> Self:
        """The contact as one who is back. Raises FAILED_PRECONDITION, CONTACT_ACTIVE."""
        if self.active:
            raise self._not_now("CONTACT_ACTIVE", "is at the organization")
        return replace(self, active=True, deactivate_time=None, update_time=at, etag=etag)

    def approve(self, *, at: datetime, etag: str) -> Self:
        """The contact as one who has approved.

        Raises FAILED_PRECONDITION: CONTACT_INACTIVE, NOT_A_SIGNER, APPROVED_ALREADY.
        """
        self._expect_active()
        if not self.approval_order:
            raise self._not_now("NOT_A_SIGNER", "doesn't sign: their approval_order is 0")
        if self.approval_time is not None:
            raise self._not_now("APPROVED_ALREADY", "has approved already")
        return replace(self, approval_time=at, update_time=at, etag=etag)

    def unapprove(self, *, at: datetime, etag: str) -> Self:
        """The contact as one who has not approved. Raises FAILED_PRECONDITION, NOT_APPROVED."""
        if self.approval_time is None:
            raise self._not_now("NOT_APPROVED", "has not approved")
        return replace(self, approval_time=None, update_time=at, etag=etag)

    def differences(self, other: Self) -> tuple[str, ...]:
        """The fields, apart from the bookkeeping, in which the other one differs."""
        return tuple(name for name in _PROFILE if getattr(self, name) != getattr(other, name))

    def _expect_active(self) -> None:
        if not self.active:
            raise self._not_now("CONTACT_INACTIVE", "has left the organization")

    def _not_now(self, reason: str, why: str) -> DomainError:
        return failed_precondition(reason, f"{self.name} {why}", resource=self.name)


def meet(
    new: New[Draft],
    *,
    country: str,
    at: datetime,
    etag: str,
    declared: Declared = NOTHING_DECLARED,
) -> Contact:
    """A new contact; `country` is that of phone numbers without a code.

    Raises INVALID_ARGUMENT: DISPLAY_NAME_MISSING, REPORTS_TO_ELSEWHERE, REPORTS_TO_CYCLE.
    """
    draft = new.draft
    contact = Contact(
        name=new.name,
        organization=draft.organization,
        display_name=draft.display_name,
        display_name_key="",
        given_name=draft.given_name,
        family_name=draft.family_name,
        phones=draft.phones,
        phones_key=(),
        emails=draft.emails,
        emails_key=(),
        job_title=draft.job_title,
        department=draft.department,
        role=draft.role,
        approval_order=draft.approval_order,
        stance=draft.stance,
        approval_time=None,
        customer=draft.customer,
        reports_to=draft.reports_to,
        notes=draft.notes,
        labels=draft.labels,
        custom_fields=filled(declared, {}, draft.custom_fields, new=True),
        active=True,
        deactivate_time=None,
        create_time=at,
        update_time=at,
        etag=etag,
        fingerprint=new.fingerprint,
    )
    contact = in_normal_form(contact, country)
    _check(contact)
    return contact


def expect_no_circle(contact: Contact, superiors: Mapping[str, str]) -> None:
    """Whether nobody above a contact reports to them; `superiors` are those of the organization, by
    who reports to them. Raises INVALID_ARGUMENT, REPORTS_TO_CYCLE."""
    above, seen = contact.reports_to, {contact.name}
    while above and above not in seen:
        seen.add(above)
        above = superiors.get(above, "")
    if above == contact.name:
        raise invalid(_REPORTS_TO, "REPORTS_TO_CYCLE", f"{contact.reports_to} reports to them")


_BOOKKEEPING: Final = frozenset(
    {
        "name",
        "organization",
        "display_name_key",
        "phones_key",
        "emails_key",
        "active",
        "deactivate_time",
        "create_time",
        "update_time",
        "etag",
        "fingerprint",
    }
)
_PROFILE: Final = tuple(each.name for each in fields_of(Contact) if each.name not in _BOOKKEEPING)


def _check(contact: Contact) -> None:
    expect_named(contact, "a contact")
    superior = contact.reports_to
    if superior == contact.name:
        raise invalid(_REPORTS_TO, "REPORTS_TO_CYCLE", "nobody reports to themselves")
    if superior and not superior.startswith(f"{contact.organization}/"):
        raise invalid(
            _REPORTS_TO, "REPORTS_TO_ELSEWHERE", f"{superior} is not at {contact.organization}"
        )
