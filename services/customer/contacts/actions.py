"""What can be done with contacts, on an open transaction."""

from collections.abc import Callable, Collection, Iterable, Mapping

from google.protobuf.message import Message

from services.chassis.creation import New, given_names
from services.chassis.errors import (
    DomainError,
    beneath,
    failed_precondition,
    invalid,
    not_found,
    work_needed,
)
from services.chassis.outcomes import Outcomes, create_each
from services.chassis.store import ReadTransaction, WriteTransaction
from services.chassis.turns import taking_turns
from services.customer.contact_points.model import country_of
from services.customer.contacts import messages, store
from services.customer.contacts.model import (
    Contact,
    DecisionChain,
    Draft,
    chain_of,
    expect_no_circle,
    meet,
)
from services.customer.contacts.store import contacts
from services.customer.customers import store as customers_store
from services.customer.customers.model import Customer, CustomerKind, expect_alive
from services.customer.customers.store import Kin, customers, keys
from services.customer.fields.model import FieldResource, expect_referred, referred_customers
from services.customer.fields.store import declared

__all__ = [
    "approve_contact",
    "change_contact",
    "create_contact",
    "create_contacts",
    "deactivate_contact",
    "decision_chain",
    "delete_contact",
    "reactivate_contact",
    "restart_decision_chain",
    "unapprove_contact",
]


async def create_contact(tx: WriteTransaction, new: New[Draft]) -> Contact:
    """Raises what `create_contacts` reports."""
    return (await create_contacts(tx, {0: new})).only()


async def create_contacts(
    tx: WriteTransaction, new: Mapping[int, New[Draft]], *, validate_only: bool = False
) -> Outcomes[Contact]:
    """Creates each contact, or says what is wrong with it; the others come in all the same.

    Reports NOT_FOUND for an organization out of the caller's sight, PERMISSION_DENIED (WORK_NEEDED)
    for one that they only read, FAILED_PRECONDITION (CUSTOMER_DELETED, CUSTOMER_NOT_ORGANIZATION),
    ALREADY_EXISTS with metadata `unchanged`, INVALID_ARGUMENT (CUSTOMER_NOT_FOUND,
    CUSTOMER_NOT_PERSON, REPORTS_TO_NOT_FOUND and the model's). A contact may report to one further
    up in the same batch.
    """
    drafts = [each.draft for each in new.values()]
    organizations = await customers.find(tx, {each.organization for each in drafts})
    only_read = await tx.only_read(customers.table, organizations)
    in_sight = [each for each in new.values() if each.draft.organization in organizations]
    if not validate_only:
        reporting = {each.draft.organization for each in in_sight if each.draft.reports_to}
        await _take_turns(tx, reporting)
    known = await contacts.known(tx, given_names(in_sight))
    people = await customers_store.kin(tx, {each.customer for each in drafts} - {""})
    there = set(await contacts.find(tx, {each.reports_to for each in drafts} - {""}))
    fields = await declared(tx, FieldResource.CONTACT)
    referred = await _referred(tx, drafts)

    def make(each: New[Draft]) -> Contact:
        draft = each.draft
        organization = organizations.get(draft.organization)
        if organization is None:
            raise not_found(draft.organization)
        if organization.name in only_read:
            raise work_needed(organization.name)
        _expect_organization(organization)
        country = country_of(organization.addresses, draft.country)
        contact = meet(each, country=country, at=tx.now, etag=tx.new_id(), declared=fields)
        expect_referred(contact.custom_fields, {}, referred)
        _expect_person(contact, people)
        _expect_superior(contact, there)
        there.add(contact.name)
        return contact

    outcomes = await create_each(new, make, known=known, field="contact")
    if not validate_only:
        await contacts.insert(tx, outcomes.created)
        async for contact in taking_turns(outcomes.created):
            _emit(tx, contact, messages.created(contact))
    return outcomes


async def change_contact(
    tx: WriteTransaction, name: str, etag: str, draft: Draft, fields: Collection[str]
) -> Contact:
    """Changes the named fields.

    Raises NOT_FOUND, ABORTED (ETAG_MISMATCH), FAILED_PRECONDITION (CUSTOMER_DELETED),
    INVALID_ARGUMENT (CUSTOMER_NOT_FOUND, CUSTOMER_NOT_PERSON, REPORTS_TO_NOT_FOUND,
    REPORTS_TO_CYCLE and the model's).
    """
    if "reports_to" in fields:
        await _take_turns(tx, {draft.organization})
    before = await contacts.get(tx, name)
    before.expect(etag)
    organization = await customers.get(tx, before.organization)
    expect_alive(organization.name, organization.delete_time)
    country = country_of(organization.addresses, draft.country)
    try:
        after = before.change(
            draft,
            fields,
            country=country,
            at=tx.now,
            etag=tx.new_id(),
            declared=await declared(tx, FieldResource.CONTACT),
        )
        referred = await _referred(tx, [draft])
        expect_referred(after.custom_fields, before.custom_fields, referred)
        if after.customer != before.customer:
            _expect_person(after, await customers_store.kin(tx, {after.customer} - {""}))
        if after.reports_to != before.reports_to:
            _expect_superior(after, await contacts.find(tx, {after.reports_to} - {""}))
            expect_no_circle(after, await store.superiors(tx, after.organization))
    except DomainError as error:
        raise beneath("contact", error) from None
    if after is not before:
        await contacts.save(tx, after)
        _emit(tx, after, messages.updated(before, after))
    return after


async def delete_contact(tx: WriteTransaction, name: str, etag: str) -> Contact:
    """Deletes for good; returns what was. Raises NOT_FOUND, ABORTED (ETAG_MISMATCH),
    FAILED_PRECONDITION (CUSTOMER_DELETED, CONTACT_HAS_REPORTS)."""
    contact = await contacts.get(tx, name)
    contact.expect(etag)
    await _expect_alive(tx, contact.organization)
    await _take_turns(tx, {contact.organization})
    if await store.has_reports(tx, name):
        raise failed_precondition(
            "CONTACT_HAS_REPORTS", f"others report to {name}: change that first", resource=name
        )
    await store.remove(tx, name)
    _emit(tx, contact, messages.deleted(contact))
    return contact


async def deactivate_contact(tx: WriteTransaction, name: str, etag: str) -> Contact:
    """Raises NOT_FOUND, ABORTED (ETAG_MISMATCH), FAILED_PRECONDITION (CUSTOMER_DELETED,
    CONTACT_INACTIVE)."""
    return await _move(tx, name, etag, Contact.deactivate, messages.deactivated)


async def reactivate_contact(tx: WriteTransaction, name: str, etag: str) -> Contact:
    """Raises NOT_FOUND, ABORTED (ETAG_MISMATCH), FAILED_PRECONDITION (CUSTOMER_DELETED,
    CONTACT_ACTIVE)."""
    return await _move(tx, name, etag, Contact.reactivate, messages.reactivated)


async def approve_contact(tx: WriteTransaction, name: str, etag: str) -> Contact:
    """Raises NOT_FOUND, ABORTED (ETAG_MISMATCH), FAILED_PRECONDITION (CUSTOMER_DELETED,
    CONTACT_INACTIVE, NOT_A_SIGNER, APPROVED_ALREADY)."""
    return await _move(tx, name, etag, Contact.approve, messages.approved)


async def unapprove_contact(tx: WriteTransaction, name: str, etag: str) -> Contact:
    """Raises NOT_FOUND, ABORTED (ETAG_MISMATCH), FAILED_PRECONDITION (CUSTOMER_DELETED,
    NOT_APPROVED)."""
    return await _move(tx, name, etag, Contact.unapprove, messages.unapproved)


async def decision_chain(tx: ReadTransaction, organization: str) -> DecisionChain:
    """Who decides there. Raises NOT_FOUND."""
    if organization not in await customers_store.delete_times(tx, {organization}):
        raise not_found(organization)
    return chain_of(organization, await store.signers(tx, organization))


async def restart_decision_chain(tx: WriteTransaction, organization: str) -> DecisionChain:
    """Begins it anew: nobody has approved. Raises NOT_FOUND, PERMISSION_DENIED (WORK_NEEDED),
    FAILED_PRECONDITION (CUSTOMER_DELETED)."""
    await tx.expect_work(customers.table, organization)
    await _expect_alive(tx, organization)
    restarted = [
        each.unapprove(at=tx.now, etag=tx.new_id())
        for each in await store.approved(tx, organization)
    ]
    await contacts.save(tx, *restarted)
    for each in restarted:
        _emit(tx, each, messages.unapproved(each))
    return await decision_chain(tx, organization)


async def _move(
    tx: WriteTransaction,
    name: str,
    etag: str,
    step: Callable[..., Contact],
    event: Callable[[Contact], Message],
) -> Contact:
    """Raises NOT_FOUND, ABORTED (ETAG_MISMATCH), FAILED_PRECONDITION (CUSTOMER_DELETED)."""
    before = await contacts.get(tx, name)
    before.expect(etag)
    await _expect_alive(tx, before.organization)
    after = step(before, at=tx.now, etag=tx.new_id())
    await contacts.save(tx, after)
    _emit(tx, after, event(after))
    return after


async def _take_turns(tx: WriteTransaction, organizations: Collection[str]) -> None:
    """Two who make each other report to the other meet, and who deletes somebody's superior."""
    await keys.take_turn(tx, [f"{each} reports_to" for each in organizations])


async def _expect_alive(tx: ReadTransaction, organization: str) -> None:
    delete_times = await customers_store.delete_times(tx, {organization})
    expect_alive(organization, delete_times[organization])


async def _referred(tx: ReadTransaction, drafts: Iterable[Draft]) -> set[str]:
    """Those of the customers that custom fields refer to who are in sight and not deleted."""
    named = {name for each in drafts for name in referred_customers(each.custom_fields)}
    found = await customers_store.delete_times(tx, named)
    return {name for name, delete_time in found.items() if delete_time is None}


def _expect_organization(customer: Customer) -> None:
    expect_alive(customer.name, customer.delete_time)
    if customer.kind is not CustomerKind.ORGANIZATION:
        raise failed_precondition(
            "CUSTOMER_NOT_ORGANIZATION",
            f"{customer.name} is a person, and has no contacts",
            resource=customer.name,
        )


def _expect_person(contact: Contact, people: Mapping[str, Kin]) -> None:
    """Whether who they are as a customer is a person whom the caller sees."""
    if not contact.customer:
        return
    person = people.get(contact.customer)
    if person is None or person.delete_time is not None:
        raise invalid("customer", "CUSTOMER_NOT_FOUND", f"{contact.customer} was not found")
    if person.kind is not CustomerKind.PERSON:
        raise invalid("customer", "CUSTOMER_NOT_PERSON", f"{contact.customer} is an organization")


def _expect_superior(contact: Contact, there: Collection[str]) -> None:
    if contact.reports_to and contact.reports_to not in there:
        raise invalid("reports_to", "REPORTS_TO_NOT_FOUND", f"{contact.reports_to} was not found")


def _emit(tx: WriteTransaction, contact: Contact, event: Message) -> None:
    """Tells of a contact, in the order of their organization."""
    tx.emit(
        event,
        aggregate_type="contact",
        aggregate_id=contact.name,
        partition_key=contact.organization,
    )
