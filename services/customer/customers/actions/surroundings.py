"""What customers are held against when they are created or changed: read once for all of a request,
and kept up as it goes."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

from services.chassis.errors import DomainError, FieldViolation, Kind, invalid
from services.chassis.store import ReadTransaction
from services.customer.customers import store
from services.customer.customers.model import Customer, Draft, Key, KeyKind
from services.customer.customers.store import keys

__all__ = ["Surroundings"]


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Whom customers may refer to (in the caller's sight, and not deleted), who has which external
    id, and whom of these the caller sees."""

    alive: set[str]
    external: dict[Key, str]
    seen: set[str]

    @classmethod
    async def of(cls, tx: ReadTransaction, drafts: Iterable[Draft]) -> Self:
        """Of all that the drafts name."""
        named, external = set[str](), set[Key]()
        for each in drafts:
            named |= {each.referred_by, each.parent_organization}
            external |= _external(each)
        delete_times = await store.delete_times(tx, named - {""})
        everybody = await keys.holders(tx.unscoped(), external)
        seen = await keys.holders(tx, everybody)
        return cls(
            alive={name for name, delete_time in delete_times.items() if delete_time is None},
            external={key: found[0].customer for key, found in everybody.items()},
            seen={holder.customer for found in seen.values() for holder in found},
        )

    def expect(self, customer: Customer, before: Customer | None = None) -> None:
        """Whether a customer may be so, as far as others are concerned; `before` is what they were.

        Raises INVALID_ARGUMENT (REFERRED_BY_NOT_FOUND, PARENT_ORGANIZATION_NOT_FOUND) and
        ALREADY_EXISTS (EXTERNAL_ID_TAKEN).
        """
        referrer, parent = customer.referred_by, customer.parent_organization
        if self._lacks(referrer, before.referred_by if before else ""):
            raise invalid("referred_by", "REFERRED_BY_NOT_FOUND", f"{referrer} was not found")
        if self._lacks(parent, before.parent_organization if before else ""):
            raise invalid(
                "parent_organization", "PARENT_ORGANIZATION_NOT_FOUND", f"{parent} was not found"
            )
        for key in _external(customer):
            holder = self.external.get(key, customer.name)
            if holder != customer.name:
                raise self._taken(key, holder)

    def admit(self, customer: Customer) -> None:
        """Takes in who is made, or has changed, so that what comes next may refer to them."""
        self.alive.add(customer.name)
        self.seen.add(customer.name)
        self.external.update(dict.fromkeys(_external(customer), customer.name))

    def _lacks(self, named: str, before: str) -> bool:
        """Whether somebody is named anew who isn't there."""
        return bool(named) and named != before and named not in self.alive

    def _taken(self, key: Key, holder: str) -> DomainError:
        system, _, id = key.key.partition("/")
        whose = holder if holder in self.seen else "another customer"
        field, description = f"external_ids.{system}", f"{id} is {whose}'s already"
        return DomainError(
            Kind.ALREADY_EXISTS,
            "EXTERNAL_ID_TAKEN",
            f"{field}: {description}",
            metadata={"resource": holder} if holder in self.seen else {},
            violations=(FieldViolation(field, description, "EXTERNAL_ID_TAKEN"),),
        )


def _external(of: Draft | Customer) -> set[Key]:
    return {Key(KeyKind.EXTERNAL_ID, f"{system}/{id}") for system, id in of.external_ids.items()}
