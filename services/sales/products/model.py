"""Products in our own words. Rules only: no message, no SQL, no clock."""

from dataclasses import dataclass, replace
from datetime import datetime

from services.chassis import money
from services.chassis.errors import invalid

__all__ = ["Draft", "Price", "Product", "list_product"]


@dataclass(frozen=True, slots=True)
class Price:
    """The price of one unit as written: whole units and billionths of the currency."""

    currency_code: str
    units: int
    nanos: int

    @classmethod
    def of(cls, currency_code: str, units: int, nanos: int) -> "Price":
        """Raises INVALID_ARGUMENT: CURRENCY_UNKNOWN, AMOUNT_INVALID, PRICE_NEGATIVE."""
        money.exponent(currency_code, field="list_price.currency_code")
        if money.nanos_of(units, nanos, field="list_price") < 0:
            raise invalid("list_price", "PRICE_NEGATIVE", "a list price is 0 or more")
        return cls(currency_code, units, nanos)


@dataclass(frozen=True, slots=True)
class Draft:
    """What a caller says about a product; `fingerprint` identifies the content (see orders)."""

    display_name: str
    sku: str
    category: str
    list_price: Price | None
    fingerprint: bytes


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
    version: int

    def change(self, *, at: datetime, **changes: object) -> "Product":
        """The product with some fields changed. Raises INVALID_ARGUMENT, DISPLAY_NAME_MISSING."""
        changed = replace(self, **changes, update_time=at, version=self.version + 1)
        _check_display_name(changed.display_name)
        return changed


def list_product(draft: Draft, *, name: str, at: datetime) -> Product:
    """A new product, ready to be ordered. Raises INVALID_ARGUMENT, DISPLAY_NAME_MISSING."""
    _check_display_name(draft.display_name)
    return Product(
        name=name,
        display_name=draft.display_name,
        sku=draft.sku,
        category=draft.category,
        list_price=draft.list_price,
        active=True,
        create_time=at,
        update_time=at,
        version=1,
    )


def _check_display_name(display_name: str) -> None:
    if not display_name.strip():
        raise invalid("display_name", "DISPLAY_NAME_MISSING", "a product needs a name")
