"""Customers created, changed, deleted; what they allow, and what orders make of them."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from google.protobuf.message import Message

from services.chassis.caller import Caller
from services.chassis.creation import New, given_names
from services.chassis.errors import DomainError, beneath
from services.chassis.outcomes import Outcomes, create_each
from services.chassis.ownership import expect_may_hand_on, settle_owner, team_along
from services.chassis.people.known import People
from services.chassis.store import WriteTransaction
from services.chassis.turns import taking_turns
from services.customer.customers import messages, store
from services.customer.customers.actions.surroundings import Surroundings
from services.customer.customers.model import Customer, Draft, OrderNews, Said, register
from services.customer.customers.store import beside, counted_orders, customers, keys

__all__ = [
    "change_customer",
    "create_customer",
    "create_customers",
    "delete_customer",
    "emit",
    "expect_change",
    "follow_orders",
    "insert_customers",
    "make_customer",
    "record_consent",
    "team_of_owner",
    "undelete_customer",
]


async def create_customer(tx: WriteTransaction, new: New[Draft], people: People) -> Customer:
    """Raises what `create_customers` reports."""
    return (await create_customers(tx, {0: new}, people)).only()


async def create_customers(
    tx: WriteTransaction,
    new: Mapping[int, New[Draft]],
    people: People,
    *,
    validate_only: bool = False,
) -> Outcomes[Customer]:
    """Creates each customer, or says what is wrong with it; the others go in all the same.

    Reports ALREADY_EXISTS, with metadata `unchanged` for a customer in the caller's sight;
    PERMISSION_DENIED (OWNER_NOT_ALLOWED, TEAM_NOT_ALLOWED, CALLER_UNKNOWN); INVALID_ARGUMENT
    (OWNER_UNKNOWN, OWNER_INACTIVE, TEAM_UNKNOWN, REFERRED_BY_NOT_FOUND,
    PARENT_ORGANIZATION_NOT_FOUND, PARENT_NOT_ORGANIZATION and the model's); ALREADY_EXISTS
    (EXTERNAL_ID_TAKEN). A customer may be referred by one further up in the same batch, or be part
    of it. `people` are those whom the drafts name, and the caller where one names nobody. Raises
    UNAVAILABLE (PEOPLE_UNAVAILABLE).
    """
    people.expect_answered()
    names = given_names(new.values())
    known = await customers.known(tx, names)
    orders = await counted_orders.counts(tx, names)
    surroundings = await Surroundings.of(tx, [each.draft for each in new.values()], people)

    def make(each: New[Draft]) -> Customer:
        return make_customer(tx, each, surroundings, orders)

    outcomes = await create_each(new, make, known=known, field="customer")
    if not validate_only:
        await insert_customers(tx, outcomes.created, names, orders)
        async for customer in taking_turns(outcomes.created):
            emit(tx, customer, messages.created(customer))
    return outcomes


def make_customer(
    tx: WriteTransaction,
    new: New[Draft],
    surroundings: Surroundings,
    orders: Mapping[str, int],
) -> Customer:
    """A customer as they are to be inserted; `orders` is what sales has told before of those whose
    name a caller chose. Raises what `create_customers` reports."""
    people = surroundings.people
    owner, team = settle_owner(tx.caller, new.draft.owner, new.draft.team, people=people)
    people.expect("owner", owner)
    people.expect_team("team", new.draft.team)
    etag = tx.new_id()
    customer = register(
        new, owner=owner, team=team, at=tx.now, etag=etag, declared=surroundings.declared
    )
    surroundings.expect(customer)
    customer = customer.bought(orders.get(new.name, 0), at=tx.now, etag=etag)
    surroundings.admit(customer)
    return customer


async def insert_customers(
    tx: WriteTransaction,
    new: Sequence[Customer],
    chosen: Collection[str],
    orders: Mapping[str, int],
) -> None:
    """Writes new customers with all that is kept beside them; `chosen` are names of callers'."""
    await customers.insert(tx, new)
    await beside.add(tx, new)
    given = [each.name for each in new if each.name in chosen]
    await counted_orders.keep_counts(tx, {name: orders.get(name, 0) for name in given})


async def follow_orders(tx: WriteTransaction, news: Mapping[str, OrderNews]) -> None:
    """Moves customers along the lifecycle by what sales tells of their orders, given by order.

    May be told again: only news move anybody.
    """
    changes = await counted_orders.learn(tx, news)
    buyers = {each.customer for each in changes if each.counts}
    cancellers = {each.customer for each in changes if not each.counts}
    found = await customers.find(tx, cancellers) | await store.unsettled(tx, buyers)
    orders = await counted_orders.counts(tx, found)
    moved = []
    for name, before in found.items():
        after, count, etag = before, orders.get(name, 0), tx.new_id()
        if name in cancellers:
            after = after.took_back(count, at=tx.now, etag=etag)
        if name in buyers:
            after = after.bought(count, at=tx.now, etag=etag)
        if after is not before:
            moved.append(after)
            emit(tx, after, messages.updated(before, after))
    await customers.save(tx, *moved)


async def change_customer(
    tx: WriteTransaction,
    name: str,
    etag: str,
    draft: Draft,
    fields: Collection[str],
    people: People,
) -> Customer:
    """Changes the named fields; `people` is whom the draft gives it to, and their team goes with
    them unless it says another. Handing the customer on takes a scope wider than OWN, in which they
    are by their owner or team: not a collaborator's work.

    Raises NOT_FOUND, ABORTED (ETAG_MISMATCH), PERMISSION_DENIED (OWNER_NOT_ALLOWED,
    TEAM_NOT_ALLOWED), INVALID_ARGUMENT (OWNER_UNKNOWN, OWNER_INACTIVE, TEAM_UNKNOWN,
    REFERRED_BY_NOT_FOUND, PARENT_ORGANIZATION_NOT_FOUND, PARENT_NOT_ORGANIZATION,
    PARENT_OF_ITSELF), ALREADY_EXISTS (EXTERNAL_ID_TAKEN), UNAVAILABLE (PEOPLE_UNAVAILABLE) and what
    the model raises.
    """
    if "parent_organization" in fields:
        await keys.take_turn(tx, ["parent_organization"])  # two who make each other a part
    before = await customers.get(tx, name)
    before.expect(etag)
    try:
        surroundings = await Surroundings.of(tx, [draft], people)
        with_team = team_of_owner(tx.caller, before, draft, fields, people)
        after = before.change(
            with_team,
            {*fields, "team"},
            at=tx.now,
            etag=tx.new_id(),
            declared=surroundings.declared,
        )
        if after is before:
            return before
        named = draft.team if "team" in fields else ""
        expect_change(tx, before, after, named, surroundings)
    except DomainError as error:
        raise beneath("customer", error) from None
    await customers.save(tx, after)
    await beside.change(tx, before, after)
    emit(tx, after, messages.updated(before, after))
    return after


def expect_change(
    tx: WriteTransaction, before: Customer, after: Customer, team: str, surroundings: Surroundings
) -> None:
    """Whether the caller may make a customer that; `team` is the one that they name. Raises what
    `change_customer` does."""
    expect_may_hand_on(tx.caller, before, after)
    if after.owner != before.owner:
        surroundings.people.expect("owner", after.owner)
    if team != before.team:
        surroundings.people.expect_team("team", team)
    surroundings.expect(after, before)


def team_of_owner(
    caller: Caller, before: Customer, draft: Draft, fields: Collection[str], people: People
) -> Draft:
    """The draft with the team that it names, or else that of whom it makes the owner; with none
    where the team stays."""
    if "team" in fields and draft.team:
        return draft
    moves = "owner" in fields and draft.owner != before.owner
    return replace(draft, team=team_along(caller, draft.owner, people) if moves else "")


async def record_consent(tx: WriteTransaction, name: str, etag: str, said: Said) -> Customer:
    """Raises NOT_FOUND, ABORTED (ETAG_MISMATCH), FAILED_PRECONDITION (CUSTOMER_DELETED),
    INVALID_ARGUMENT (CONSENT_TIME_IN_FUTURE)."""
    before = await customers.get(tx, name)
    before.expect(etag)
    after = before.record(said, at=tx.now, etag=tx.new_id())
    if after is before:
        await tx.expect_work(customers.table, name)
        return before
    await customers.save(tx, after)
    emit(tx, after, messages.consent_recorded(after))
    return after


async def delete_customer(tx: WriteTransaction, name: str, etag: str) -> Customer:
    """Deletes softly. Raises NOT_FOUND (also CUSTOMER_DELETED), ABORTED (ETAG_MISMATCH)."""
    customer = await customers.get(tx, name)
    customer.expect(etag)
    deleted = customer.delete(at=tx.now, etag=tx.new_id())
    await customers.save(tx, deleted)
    emit(tx, deleted, messages.deleted(deleted))
    return deleted


async def undelete_customer(tx: WriteTransaction, name: str, etag: str) -> Customer:
    """Brings back. Raises NOT_FOUND, ABORTED (ETAG_MISMATCH), ALREADY_EXISTS."""
    customer = await customers.get(tx, name)
    customer.expect(etag)
    restored = customer.undelete(at=tx.now, etag=tx.new_id())
    await customers.save(tx, restored)
    emit(tx, restored, messages.undeleted(restored))
    return restored


def emit(tx: WriteTransaction, customer: Customer, event: Message) -> None:
    """Tells of a customer."""
    tx.emit(
        event,
        aggregate_type="customer",
        aggregate_id=customer.name,
        partition_key=customer.name,
    )
