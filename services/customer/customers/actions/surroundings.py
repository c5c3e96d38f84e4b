"""What customers are held against when they are created or changed: read once for all of a request,
and kept up as it goes."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Final, Self

from services.chassis.errors import DomainError, FieldViolation, Kind, invalid
from services.chassis.fields.declarations import Declared
from services.chassis.people.known import People
from services.chassis.store import ReadTransaction
from services.customer.customers import store
from services.customer.customers.model import Customer, CustomerKind, Draft, Key, KeyKind
from services.customer.customers.store import keys
from services.customer.fields.model import FieldResource, expect_referred, referred_customers
from services.customer.fields.store import declared

__all__ = ["Surroundings"]

# A batch of 1,000 companies ten levels down; no company is organized further.
_MOST_PARENTS: Final = 10_000


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Whom customers may be given to, whom they may refer to (in the caller's sight, and not
    deleted), what these are part of, who has which external id, and whom of these the caller
    sees."""

    people: People

    alive: dict[str, CustomerKind]
    parents: dict[str, str]
    external: dict[Key, str]
    seen: set[str]
    declared: Declared

    @classmethod
    async def of(cls, tx: ReadTransaction, drafts: Collection[Draft], people: People) -> Self:
        """Of all that the drafts name."""
        named, external = set[str](), set[Key]()
        for each in drafts:
            named |= {
                each.referred_by,
                each.parent_organization,
                *referred_customers(each.custom_fields),
            }
            external |= _external(each)
        kin = await store.kin(tx, named - {""})
        everybody = await keys.holders(tx.unscoped(), external)
        seen = await keys.holders(tx, everybody)
        return cls(
            people=people,
            alive={name: each.kind for name, each in kin.items() if each.delete_time is None},
            parents=await _parents(tx, {each.parent_organization for each in drafts}),
            external={key: found[0].customer for key, found in everybody.items()},
            seen={holder.customer for found in seen.values() for holder in found},
            declared=await declared(tx, FieldResource.CUSTOMER),
        )

    def expect(self, customer: Customer, before: Customer | None = None) -> None:
        """Whether a customer may be so, as far as others are concerned; `before` is what they were.

        Raises INVALID_ARGUMENT (REFERRED_BY_NOT_FOUND, PARENT_ORGANIZATION_NOT_FOUND,
        PARENT_NOT_ORGANIZATION, PARENT_OF_ITSELF, CUSTOM_FIELD_NOT_FOUND) and ALREADY_EXISTS
        (EXTERNAL_ID_TAKEN).
        """
        referrer, parent = customer.referred_by, customer.parent_organization
        if (
            referrer
            and referrer not in self.alive
            and (not before or before.referred_by != referrer)
        ):
            raise invalid("referred_by", "REFERRED_BY_NOT_FOUND", f"{referrer} was not found")
        if parent and (not before or before.parent_organization != parent):
            self._expect_parent(customer.name, parent)
        had = before.custom_fields if before else {}
        expect_referred(customer.custom_fields, had, self.alive)
        for key in _external(customer):
            holder = self.external.get(key, customer.name)
            if holder != customer.name:
                raise self._taken(key, holder)

    def admit(self, customer: Customer) -> None:
        """Takes in who is made, or has changed, so that what comes next may refer to them."""
        self.alive[customer.name] = customer.kind
        self.parents[customer.name] = customer.parent_organization
        self.seen.add(customer.name)
        self.external.update(dict.fromkeys(_external(customer), customer.name))

    def _expect_parent(self, name: str, parent: str) -> None:
        field = "parent_organization"
        if parent not in self.alive:
            raise invalid(field, "PARENT_ORGANIZATION_NOT_FOUND", f"{parent} was not found")
        if self.alive[parent] is not CustomerKind.ORGANIZATION:
            raise invalid(field, "PARENT_NOT_ORGANIZATION", f"{parent} is a person")
        above, seen = parent, {name}
        while above and above not in seen:
            seen.add(above)
            above = self.parents.get(above, "")
        if above == name:
            raise invalid(field, "PARENT_OF_ITSELF", f"{parent} is a part of it")

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


async def _parents(tx: ReadTransaction, names: Iterable[str]) -> dict[str, str]:
    """What the customers are part of, and these in their turn, whoever sees them."""
    parents: dict[str, str] = {}
    ahead = set(names) - {""}
    while ahead and len(parents) < _MOST_PARENTS:
        found = await store.kin(tx.unscoped(), ahead)
        parents |= {name: each.parent_organization for name, each in found.items()}
        ahead = {each.parent_organization for each in found.values()} - parents.keys() - {""}
    return parents


def _external(of: Draft | Customer) -> set[Key]:
    return {Key(KeyKind.EXTERNAL_ID, f"{system}/{id}") for system, id in of.external_ids.items()}
