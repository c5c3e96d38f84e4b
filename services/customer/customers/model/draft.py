"""What a caller wants a customer to be."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from services.chassis.fields.declarations import Given
from services.customer.contact_points.model import EmailAddress, PhoneNumber, PostalAddress
from services.customer.customers.model.consents import Said
from services.customer.customers.model.lifecycle import LifecycleStage

__all__ = ["CustomerKind", "Draft", "Temperature"]


class CustomerKind(StrEnum):
    """A customer is a person or an organization."""

    PERSON = "PERSON"
    ORGANIZATION = "ORGANIZATION"


class Temperature(StrEnum):
    """How warm the relationship is, as the owner sees it."""

    COLD = "COLD"
    WARM = "WARM"
    HOT = "HOT"


@dataclass(frozen=True, slots=True)
class Draft:
    """What a caller wants a customer to be; None and empty stand for what was not stated.

    `country` is the company's: phone numbers without a country code are read as of it, unless an
    address says another one. Normal forms of phones and emails are nothing that a caller states.
    """

    display_name: str = ""
    kind: CustomerKind = CustomerKind.PERSON
    given_name: str = ""
    family_name: str = ""
    phones: tuple[PhoneNumber, ...] = ()
    emails: tuple[EmailAddress, ...] = ()
    addresses: tuple[PostalAddress, ...] = ()
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
    external_ids: Mapping[str, str] = field(default_factory=dict)
    consents: tuple[Said, ...] = ()
    custom_fields: Mapping[str, Given | None] = field(default_factory=dict)
    country: str = ""
