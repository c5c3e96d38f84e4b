"""Contacts of an organization, for tests of the customer service."""

from __future__ import annotations

from typing import Any

from google.protobuf.field_mask_pb2 import FieldMask
from guanxi.customer.v1.contacts_pb2 import (
    ApproveContactRequest,
    BatchCreateContactsRequest,
    BatchCreateContactsResponse,
    Contact,
    CreateContactRequest,
    DecisionChain,
    GetContactRequest,
    GetDecisionChainRequest,
    ListContactsRequest,
    UpdateContactRequest,
)

from tests.support.office import Desk

ACME = "customers/acme"
CHAIN = f"{ACME}/decisionChain"

__all__ = [
    "ACME",
    "CHAIN",
    "add",
    "approve",
    "batch",
    "chain",
    "change",
    "entry",
    "get",
    "listed",
    "named",
]


def named(contact_id: str, parent: str = ACME) -> str:
    return f"{parent}/contacts/{contact_id}"


def entry(contact_id: str = "", parent: str = ACME, **fields: Any) -> CreateContactRequest:
    contact = Contact(**{"display_name": contact_id.capitalize() or "Somebody", **fields})
    return CreateContactRequest(parent=parent, contact=contact, contact_id=contact_id)


async def add(desk: Desk, contact_id: str = "", parent: str = ACME, **fields: Any) -> Contact:
    return await desk.contacts.CreateContact(entry(contact_id, parent, **fields))


async def batch(
    desk: Desk, *entries: CreateContactRequest, validate_only: bool = False
) -> BatchCreateContactsResponse:
    return await desk.contacts.BatchCreateContacts(
        BatchCreateContactsRequest(requests=entries, validate_only=validate_only)
    )


async def get(desk: Desk, contact_id: str) -> Contact:
    return await desk.contacts.GetContact(GetContactRequest(name=named(contact_id)))


async def change(
    desk: Desk, contact_id: str, *paths: str, etag: str = "", **fields: Any
) -> Contact:
    """Changes the fields given; `paths` beside them are emptied."""
    contact = Contact(name=named(contact_id), etag=etag, **fields)
    mask = FieldMask(paths=[*paths, *fields])
    return await desk.contacts.UpdateContact(
        UpdateContactRequest(contact=contact, update_mask=mask)
    )


async def listed(desk: Desk, parent: str = ACME, **arguments: Any) -> list[str]:
    page = await desk.contacts.ListContacts(ListContactsRequest(parent=parent, **arguments))
    return [each.name.rpartition("/")[2] for each in page.contacts]


async def approve(desk: Desk, contact_id: str) -> Contact:
    return await desk.contacts.ApproveContact(ApproveContactRequest(name=named(contact_id)))


async def chain(desk: Desk) -> DecisionChain:
    return await desk.contacts.GetDecisionChain(GetDecisionChainRequest(name=CHAIN))
