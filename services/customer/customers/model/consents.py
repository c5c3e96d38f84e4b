"""What a customer allows on which channel, and what of two sayings holds."""

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from services.chassis.errors import invalid
from services.customer.happened import expect_happened

__all__ = ["Channel", "Consent", "ConsentState", "Said", "added", "dated_each", "recorded"]


class Channel(StrEnum):
    """How they would be addressed."""

    EMAIL = "EMAIL"
    PHONE = "PHONE"
    SMS = "SMS"
    POST = "POST"
    WECHAT = "WECHAT"
    MESSENGER = "MESSENGER"


class ConsentState(StrEnum):
    """Whether they allow it."""

    OPTED_IN = "OPTED_IN"
    OPTED_OUT = "OPTED_OUT"


class Consent(NamedTuple):
    """What they said of a channel, how that is known, and when they said it."""

    channel: Channel
    state: ConsentState
    source: str
    consent_time: datetime


class Said(NamedTuple):
    """A consent as a caller tells it; without a time they said it just now."""

    channel: Channel
    state: ConsentState
    source: str
    consent_time: datetime | None = None

    def dated(self, field: str, *, at: datetime) -> Consent:
        """The consent. Raises INVALID_ARGUMENT, CONSENT_TIME_IN_FUTURE beneath `field`."""
        said = self.consent_time or at
        expect_happened(said, f"{field}.consent_time", "CONSENT_TIME_IN_FUTURE", at=at)
        return Consent(self.channel, self.state, self.source, said)


def dated_each(said: Iterable[Said], *, at: datetime) -> tuple[Consent, ...]:
    """The consents, one for each channel. Raises INVALID_ARGUMENT: CONSENT_TWICE and as `dated`."""
    consents: dict[Channel, Consent] = {}
    for index, each in enumerate(said):
        field = f"consents[{index}]"
        if each.channel in consents:
            raise invalid(f"{field}.channel", "CONSENT_TWICE", f"{each.channel} stands above")
        consents[each.channel] = each.dated(field, at=at)
    return tuple(consents.values())


def recorded(known: tuple[Consent, ...], said: Consent) -> tuple[Consent, ...]:
    """What holds once this is said, too: the latest of each channel; of two at the same time the
    opt-out."""
    before = next((each for each in known if each.channel is said.channel), None)
    if before is None:
        return (*known, said)
    if _rank(said) <= _rank(before):
        return known
    return tuple(said if each is before else each for each in known)


def added(known: tuple[Consent, ...], said: Iterable[Consent]) -> tuple[Consent, ...]:
    """What holds once another system has told what it knows: its opt-outs always, its opt-ins only
    where nothing is known of their channel, for nobody knows how old they are."""
    for each in said:
        before = next((one for one in known if one.channel is each.channel), None)
        if before is None:
            known = (*known, each)
        elif each.state is ConsentState.OPTED_OUT and before.state is ConsentState.OPTED_IN:
            known = tuple(each if one is before else one for one in known)
    return known


def _rank(consent: Consent) -> tuple[datetime, bool]:
    return consent.consent_time, consent.state is ConsentState.OPTED_OUT
