"""Who signs at an organization, level by level, and who is next."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby

from services.customer.contacts.model.contact import Contact

__all__ = ["DecisionChain", "Level", "chain_of"]


@dataclass(frozen=True, slots=True)
class Level:
    """Those who sign with the same order, by their names; all of them do."""

    approval_order: int
    signers: tuple[Contact, ...]

    @property
    def missing(self) -> tuple[Contact, ...]:
        """Who of them has not approved."""
        return tuple(each for each in self.signers if each.approval_time is None)


@dataclass(frozen=True, slots=True)
class DecisionChain:
    """The levels of an organization, in order."""

    organization: str
    levels: tuple[Level, ...]

    @property
    def next_signers(self) -> tuple[Contact, ...]:
        """Those of the first level at which somebody is missing who are."""
        return next((each.missing for each in self.levels if each.missing), ())

    @property
    def approved(self) -> bool:
        """Whether there are people who sign, and all of them have."""
        return bool(self.levels) and not self.next_signers


def chain_of(organization: str, contacts: Iterable[Contact]) -> DecisionChain:
    """The chain of these contacts of an organization; those who have left, or don't sign, are no
    part of it."""
    signers = sorted(
        (each for each in contacts if each.active and each.approval_order),
        key=lambda each: (each.approval_order, each.display_name_key, each.name),
    )
    by_level = groupby(signers, key=lambda each: each.approval_order)
    return DecisionChain(organization, tuple(Level(at, tuple(those)) for at, those in by_level))
