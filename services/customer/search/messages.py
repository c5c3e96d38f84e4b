"""Search messages ↔ our own words; no rule, no SQL."""

from typing import Final

from guanxi.customer.v1 import customers_pb2, search_pb2

from services.chassis.enums import ContractEnum
from services.customer.customers.model import CustomerKind
from services.customer.customers.model.search_texts import SearchField
from services.customer.search.model import Found

__all__ = ["to_message"]

_KINDS: Final = ContractEnum(CustomerKind, customers_pb2.Customer.Kind)
_FIELDS: Final = ContractEnum(SearchField, search_pb2.SearchResult.Field)


def to_message(found: Found) -> search_pb2.SearchResult:
    """Somebody found, as callers see it."""
    customer = found.customer
    return search_pb2.SearchResult(
        customer=customer.customer,
        display_name=customer.display_name,
        kind=_KINDS.number(customer.kind),
        owner=customer.owner,
        matched_field=_FIELDS.number(found.field),
        matched_text=found.text,
    )
