"""Products in our own words. Rules only: no message, no SQL, no clock."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime
from typing import NamedTuple, Self

from services.chassis import money
from services.chassis.creation import New
from services.chassis.errors import invalid
from services.chassis.etag import expect as expect_etag

__all__ = ["Draft", "Price", "Product", "list_product"]


class Price(NamedTuple):
    """The price of one unit as written: whole units and billionths of the currency."""

    currency_code: str
    units: int
    nanos: int

    @classmethod
    def of(cls, currency_code: str, units: int, nanos: int) -> Self:
        """Raises INVALID_ARGUMENT: CURRENCY_UNKNOWN, AMOUNT_INVALID, PRICE_NEGATIVE."""
        money.exponent(currency_code, field="list_price.currency_code")
        if money.nanos_of(units, nanos, field="list_price") < 0:
            raise invalid("list_price", "PRICE_NEGATIVE", "a list price is 0 or more")
        return cls(currency_code, units, nanos)


@dataclass(frozen=True, slots=True)
class Draft:
    """What a caller says about a product."""

    display_name: str
    sku: str
    category: str
    list_price: Price | None
    active: bool


@dataclass(frozen=True, slots=True)
class Product:
    """Something the company sells."""

    name: str
    display_name: str
    sku: str
    category: str
    list_price: Price | None
    active: bool
    create_time: datetime
    update_time: datetime
    etag: str
    fingerprint: bytes

    def expect(self, etag: str) -> None:
        """Raises ABORTED, ETAG_MISMATCH unless the etag is empty or this version's."""
        expect_etag(etag, self.etag, self.name)

    def change(self, draft: Draft, fields: Collection[str], *, at: datetime, etag: str) -> Self:
        """The product with the named fields of the draft; itself where they say nothing new.

        Raises INVALID_ARGUMENT, DISPLAY_NAME_MISSING.
        """
        changed = replace(self, **{field: getattr(draft, field) for field in fields})
        if changed == self:
            return self
        _check_display_name(changed.display_name)
        return replace(changed, update_time=at, etag=etag)


def list_product(new: New[Draft], *, at: datetime, etag: str) -> Product:
    """A new product, or one that is known to be sold no more. Raises INVALID_ARGUMENT,
    DISPLAY_NAME_MISSING."""
    draft = new.draft
    _check_display_name(draft.display_name)
    return Product(
        name=new.name,
        display_name=draft.display_name,
        sku=draft.sku,
        category=draft.category,
        list_price=draft.list_price,
        active=draft.active,
        create_time=at,
        update_time=at,
        etag=etag,
        fingerprint=new.fingerprint,
    )


def _check_display_name(display_name: str) -> None:
    if not display_name.strip():
        raise invalid("display_name", "DISPLAY_NAME_MISSING", "a product needs a name")
