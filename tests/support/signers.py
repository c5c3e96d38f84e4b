"""Events of contacts who sign at an organization, as insight gets them."""

from __future__ import annotations

from typing import Any

from google.protobuf.message import Message
from guanxi.customer.v1.contacts_pb2 import Contact, ContactCreated

__all__ = ["signer"]


def signer(
    contact: str, customer: str, order: int = 0, event: Any = ContactCreated, *, active: bool = True
) -> Message:
    """An event of a contact who signs at that level; without what is personal."""
    name = f"customers/{customer}/contacts/{contact}"
    told: Message = event(contact=Contact(name=name, approval_order=order, active=active))
    return told
