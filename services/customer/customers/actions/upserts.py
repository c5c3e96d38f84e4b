"""Customers whom other systems tell of: found by what they are known by, or created."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from services.chassis.creation import given_names
from services.chassis.errors import DomainError, already_exists, beneath, work_needed
from services.chassis.outcomes import Outcomes
from services.chassis.people.known import People
from services.chassis.store import WriteTransaction
from services.chassis.turns import taking_turns
from services.customer.customers import messages
from services.customer.customers.actions.customers import (
    emit,
    expect_change,
    insert_customers,
    make_customer,
    team_of_owner,
)
from services.customer.customers.actions.surroundings import Surroundings
from services.customer.customers.model import (
    Customer,
    Key,
    KeyKind,
    Upsert,
    Upserted,
    UpsertOutcome,
    enrich,
    expect_alive,
    expect_one,
    wanted_keys,
)
from services.customer.customers.store import beside, counted_orders, customers, keys

__all__ = ["upsert_customers"]


async def upsert_customers(
    tx: WriteTransaction,
    wanted: Mapping[int, Upsert],
    people: People,
    *,
    validate_only: bool = False,
) -> Outcomes[Upserted]:
    """Finds each customer by what they are known by, or creates them, one after the other; or says
    what is wrong with one. `people` are those whom the drafts name, and the caller where
    one names nobody. Raises UNAVAILABLE (PEOPLE_UNAVAILABLE).

    Reports FAILED_PRECONDITION (UPSERT_AMBIGUOUS, EXTERNAL_ID_DIFFERS, CUSTOMER_DELETED),
    INVALID_ARGUMENT (UPSERT_KEY_MISSING), PERMISSION_DENIED (WORK_NEEDED), and what
    `create_customers` reports and `change_customer` raises.
    """
    people.expect_answered()
    outcomes: Outcomes[Upserted] = Outcomes([], {})
    looked_for: dict[int, frozenset[Key]] = {}
    for index, each in wanted.items():
        try:
            looked_for[index] = wanted_keys(each)
        except DomainError as error:
            outcomes.refused[index] = error
    if not validate_only:
        await _take_turns(tx, wanted, looked_for)
    known = await _Known.of(tx, wanted, looked_for, people)
    async for index, sought in taking_turns(looked_for.items()):
        try:
            outcomes.created.append(_upsert(tx, wanted[index], sought, known))
        except DomainError as error:
            outcomes.refused[index] = beneath("customer", error)
    if not validate_only:
        await _write(tx, outcomes.created, known)
    return outcomes


@dataclass(slots=True)
class _Known:
    """Whom there is, and what becomes of them on the way."""

    surroundings: Surroundings
    orders: Mapping[str, int]
    chosen: set[str]
    taken: set[str]
    only_read: set[str]
    before: dict[str, Customer]
    holders: dict[Key, dict[str, None]]
    now: dict[str, Customer] = field(default_factory=dict)

    @classmethod
    async def of(
        cls,
        tx: WriteTransaction,
        wanted: Mapping[int, Upsert],
        looked_for: Mapping[int, frozenset[Key]],
        people: People,
    ) -> "_Known":
        every = {key for sought in looked_for.values() for key in sought}
        found = await keys.holders(tx, every)
        new = [each.new for each in wanted.values()]
        names = given_names(new)
        before = await customers.find(
            tx, {holder.customer for holders in found.values() for holder in holders}
        )
        return cls(
            surroundings=await Surroundings.of(tx, [each.draft for each in new], people),
            orders=await counted_orders.counts(tx, names),
            chosen=names,
            taken=set(await customers.known(tx, names)),
            only_read=await tx.only_read(customers.table, before),
            before=before,
            holders={
                key: {
                    holder.customer: None
                    for holder in holders
                    if holder.delete_time is None or key.kind is KeyKind.EXTERNAL_ID
                }
                for key, holders in found.items()
            },
        )

    def who(self, sought: Iterable[Key]) -> Customer | None:
        """The one customer with any of the keys. Raises UPSERT_AMBIGUOUS."""
        name = expect_one({name for key in sought for name in self.holders.get(key, ())})
        return self.now.get(name) or self.before.get(name)

    def admit(self, customer: Customer, before: Customer | None) -> None:
        """Takes in how a customer is now."""
        self.surroundings.admit(customer)
        self.now[customer.name] = customer
        gone = before.keys - customer.keys if before else ()
        for key in gone:
            self.holders.get(key, {}).pop(customer.name, None)
        for key in customer.keys:
            self.holders.setdefault(key, {})[customer.name] = None


async def _take_turns(
    tx: WriteTransaction, wanted: Mapping[int, Upsert], looked_for: Mapping[int, frozenset[Key]]
) -> None:
    """Nobody else looks for any of them at the same moment."""
    turns = {key.key for sought in looked_for.values() for key in sought}
    if any(each.new.draft.parent_organization for each in wanted.values()):
        turns.add("parent_organization")
    await keys.take_turn(tx, turns)


def _upsert(
    tx: WriteTransaction, wanted: Upsert, sought: frozenset[Key], known: _Known
) -> Upserted:
    before = known.who(sought)
    if before is None:
        return _create(tx, wanted, known)
    expect_alive(before.name, before.delete_time)
    if before.name in known.only_read:
        raise work_needed(before.name)
    before.expect(wanted.etag)
    around, fields, etag = known.surroundings, wanted.fields, tx.new_id()
    draft = team_of_owner(tx.caller, before, wanted.new.draft, fields, around.people)
    after = enrich(before, draft, {*fields, "team"}, at=tx.now, etag=etag, declared=around.declared)
    if after is before:
        return Upserted(before, UpsertOutcome.UNCHANGED)
    expect_change(tx, before, after, wanted.new.draft.team, around)
    known.admit(after, before)
    return Upserted(after, UpsertOutcome.UPDATED)


def _create(tx: WriteTransaction, wanted: Upsert, known: _Known) -> Upserted:
    if wanted.new.name in known.taken:
        raise already_exists(wanted.new.name)
    customer = make_customer(tx, wanted.new, known.surroundings, known.orders)
    known.taken.add(customer.name)
    known.admit(customer, None)
    return Upserted(customer, UpsertOutcome.CREATED)


async def _write(tx: WriteTransaction, results: Iterable[Upserted], known: _Known) -> None:
    """Writes everybody as they are at the end, and tells of each step on the way."""
    after = known.now.values()
    created = [each for each in after if each.name not in known.before]
    await insert_customers(tx, created, known.chosen, known.orders)
    changed = [each for each in after if each.name in known.before]
    await customers.save(tx, *changed)
    for each in changed:
        await beside.change(tx, known.before[each.name], each)
    last = dict(known.before)
    async for customer, outcome in taking_turns(results):
        if outcome is UpsertOutcome.CREATED:
            emit(tx, customer, messages.created(customer))
        elif outcome is UpsertOutcome.UPDATED:
            emit(tx, customer, messages.updated(last[customer.name], customer))
        last[customer.name] = customer
