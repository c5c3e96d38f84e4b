"""What can be done with customers, on an open transaction; servicer and reactions share it."""

from collections.abc import Collection, Mapping, Set
from dataclasses import replace

from google.protobuf.message import Message

from services.chassis.caller import Caller
from services.chassis.creation import New, given_names
from services.chassis.errors import DomainError, beneath, invalid
from services.chassis.outcomes import Outcomes, create_each
from services.chassis.ownership import expect_may_hand_on, settle_owner, team_along
from services.chassis.people.known import People
from services.chassis.store import ReadTransaction, WriteTransaction
from services.chassis.turns import taking_turns
from services.customer.customers import messages, store
from services.customer.customers.model import Customer, Draft, OrderNews, register
from services.customer.customers.store import counted_orders, customers

__all__ = [
    "change_customer",
    "create_customer",
    "create_customers",
    "delete_customer",
    "follow_orders",
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
    PARENT_ORGANIZATION_NOT_FOUND and the model's). A customer may be referred by one further up in
    the same batch, or be part of it. `people` are those whom the drafts name, and the caller where
    one names nobody. Raises UNAVAILABLE (PEOPLE_UNAVAILABLE).
    """
    people.expect_answered()
    names = given_names(new.values())
    known = await customers.known(tx, names)
    orders = await counted_orders.counts(tx, names)
    drafts = [each.draft for each in new.values()]
    referred_to = {name for each in drafts for name in (each.referred_by, each.parent_organization)}
    alive = await _alive(tx, referred_to)

    def make(each: New[Draft]) -> Customer:
        owner, team = settle_owner(tx.caller, each.draft.owner, each.draft.team, people=people)
        people.expect("owner", owner)
        people.expect_team("team", each.draft.team)
        etag = tx.new_id()
        customer = register(each, owner=owner, team=team, at=tx.now, etag=etag)
        _expect_referrer(customer, alive)
        _expect_parent(customer, alive)
        alive.add(customer.name)
        # Sales may have told of orders before.
        return customer.bought(orders.get(each.name, 0), at=tx.now, etag=etag)

    outcomes = await create_each(new, make, known=known, field="customer")
    if not validate_only:
        await customers.insert(tx, outcomes.created)
        given = [each.name for each in outcomes.created if each.name in names]
        await counted_orders.keep_counts(tx, {name: orders.get(name, 0) for name in given})
        async for customer in taking_turns(outcomes.created):
            _emit(tx, customer, messages.created(customer))
    return outcomes


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
            _emit(tx, after, messages.updated(before, after))
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
    REFERRED_BY_NOT_FOUND, PARENT_ORGANIZATION_NOT_FOUND), UNAVAILABLE (PEOPLE_UNAVAILABLE) and what
    the model raises.
    """
    before = await customers.get(tx, name)
    before.expect(etag)
    try:
        with_team = _with_team_of_owner(tx.caller, before, draft, fields, people)
        after = before.change(with_team, {*fields, "team"}, at=tx.now, etag=tx.new_id())
        if after is before:
            return before
        expect_may_hand_on(tx.caller, before, after)
        if after.owner != before.owner:
            people.expect("owner", after.owner)
        if after.team != before.team and "team" in fields:
            people.expect_team("team", draft.team)
        if after.referred_by != before.referred_by:
            _expect_referrer(after, await _alive(tx, {after.referred_by}))
        if after.parent_organization != before.parent_organization:
            _expect_parent(after, await _alive(tx, {after.parent_organization}))
    except DomainError as error:
        raise beneath("customer", error) from None
    await customers.save(tx, after)
    _emit(tx, after, messages.updated(before, after))
    return after


async def delete_customer(tx: WriteTransaction, name: str, etag: str) -> Customer:
    """Deletes softly. Raises NOT_FOUND (also CUSTOMER_DELETED), ABORTED (ETAG_MISMATCH)."""
    customer = await customers.get(tx, name)
    customer.expect(etag)
    deleted = customer.delete(at=tx.now, etag=tx.new_id())
    await customers.save(tx, deleted)
    _emit(tx, deleted, messages.deleted(deleted))
    return deleted


async def undelete_customer(tx: WriteTransaction, name: str, etag: str) -> Customer:
    """Brings back. Raises NOT_FOUND, ABORTED (ETAG_MISMATCH), ALREADY_EXISTS."""
    customer = await customers.get(tx, name)
    customer.expect(etag)
    restored = customer.undelete(at=tx.now, etag=tx.new_id())
    await customers.save(tx, restored)
    _emit(tx, restored, messages.undeleted(restored))
    return restored


def _with_team_of_owner(
    caller: Caller, before: Customer, draft: Draft, fields: Collection[str], people: People
) -> Draft:
    """The draft with the team that it names, or else that of whom it makes the owner; with none
    where the team stays."""
    if "team" in fields and draft.team:
        return draft
    moves = "owner" in fields and draft.owner != before.owner
    return replace(draft, team=team_along(caller, draft.owner, people) if moves else "")


async def _alive(tx: ReadTransaction, names: Set[str]) -> set[str]:
    """Which of the names are customers in the caller's sight, and not deleted."""
    delete_times = await store.delete_times(tx, names - {""})
    return {name for name, delete_time in delete_times.items() if delete_time is None}


def _expect_referrer(customer: Customer, alive: Collection[str]) -> None:
    if customer.referred_by and customer.referred_by not in alive:
        raise invalid(
            "referred_by", "REFERRED_BY_NOT_FOUND", f"{customer.referred_by} was not found"
        )


def _expect_parent(customer: Customer, alive: Collection[str]) -> None:
    if customer.parent_organization and customer.parent_organization not in alive:
        raise invalid(
            "parent_organization",
            "PARENT_ORGANIZATION_NOT_FOUND",
            f"{customer.parent_organization} was not found",
        )


def _emit(tx: WriteTransaction, customer: Customer, event: Message) -> None:
    tx.emit(
        event,
        aggregate_type="customer",
        aggregate_id=customer.name,
        partition_key=customer.name,
    )
