"""Orders in our own words: their states, and what may follow what.

What their lines are worth is in `amounts`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import accumulate
from types import MappingProxyType
from typing import Final, Self

from services.chassis.creation import New
from services.chassis.errors import failed_precondition, invalid
from services.chassis.etag import expect as expect_etag
from services.sales.orders.model.amounts import Line, Sums, Terms

__all__ = [
    "COUNTED",
    "Draft",
    "Order",
    "OrderTotals",
    "Purchase",
    "State",
    "open_order",
    "orders_that_fit",
]

# Clocks of callers and servers differ, and a business day starts 14 hours earlier in Kiritimati.
LATEST_AHEAD: Final = timedelta(days=1)


class State(StrEnum):
    """Where an order stands."""

    DRAFT = "DRAFT"
    CONFIRMED = "CONFIRMED"
    FULFILLED = "FULFILLED"
    CANCELLED = "CANCELLED"


COUNTED: Final = frozenset({State.CONFIRMED, State.FULFILLED})

_NEXT: Final[Mapping[State, frozenset[State]]] = MappingProxyType(
    {
        State.DRAFT: frozenset({State.CONFIRMED, State.CANCELLED}),
        State.CONFIRMED: frozenset({State.FULFILLED, State.CANCELLED}),
        State.FULFILLED: frozenset(),
        State.CANCELLED: frozenset(),
    }
)


@dataclass(frozen=True, slots=True)
class Draft:
    """A new order as somebody wants it, with the sums worked out; `confirm` where it is agreed
    already. Empty and None stand for what is settled when it is opened."""

    customer: str
    terms: Terms
    sums: Sums
    order_time: datetime | None = None
    original_order: str = ""
    seller: str = ""
    team: str = ""
    reference: str = ""
    confirm: bool = False


@dataclass(frozen=True, slots=True)
class Order:
    """An order; amounts in minor units of `currency_code` and of the base currency.

    `lines` is empty where an order was read without them; `line_count` always holds.
    """

    name: str
    customer: str
    state: State
    order_time: datetime
    currency_code: str
    base_currency_code: str
    exchange_rate: str
    line_count: int
    net_amount: int
    base_net_amount: int
    original_order: str
    seller: str
    team: str
    reference: str
    cancel_reason: str
    create_time: datetime
    update_time: datetime
    etag: str
    fingerprint: bytes
    lines: tuple[Line, ...] = ()

    def expect(self, etag: str) -> None:
        """Raises ABORTED, ETAG_MISMATCH unless the etag is empty or this version's."""
        expect_etag(etag, self.etag, self.name)

    def confirm(self, *, at: datetime, etag: str) -> Self:
        """The order as agreed. Raises FAILED_PRECONDITION: ORDER_STATE, ORDER_EMPTY."""
        return self._become(State.CONFIRMED, at, etag)

    def cancel(self, reason: str, *, at: datetime, etag: str) -> Self:
        """The order as called off. Raises FAILED_PRECONDITION, ORDER_STATE."""
        return replace(self._become(State.CANCELLED, at, etag), cancel_reason=reason)

    def _become(self, state: State, at: datetime, etag: str) -> Self:
        if state not in _NEXT[self.state]:
            raise failed_precondition(
                "ORDER_STATE",
                f"{self.name} is {self.state} and can't become {state}",
                **{"resource": self.name, "from": self.state, "to": state},
            )
        _expect_lines(self.name, state, self.line_count)
        return replace(self, state=state, update_time=at, etag=etag)


def open_order(new: New[Draft], *, seller: str, team: str, at: datetime, etag: str) -> Order:
    """A new order, DRAFT or CONFIRMED; placed now unless the draft says when.

    Raises INVALID_ARGUMENT: ORDER_TIME_IN_FUTURE, ORIGINAL_ORDER_ITSELF; FAILED_PRECONDITION,
    ORDER_EMPTY.
    """
    draft, terms, sums = new.draft, new.draft.terms, new.draft.sums
    state = State.CONFIRMED if draft.confirm else State.DRAFT
    order_time = draft.order_time or at
    if order_time > at + LATEST_AHEAD:
        raise invalid("order_time", "ORDER_TIME_IN_FUTURE", "is more than a day ahead")
    if draft.original_order == new.name:
        raise invalid("original_order", "ORIGINAL_ORDER_ITSELF", "an order can't return itself")
    _expect_lines(new.name, state, len(sums.lines))
    return Order(
        name=new.name,
        customer=draft.customer,
        state=state,
        order_time=order_time,
        currency_code=terms.currency_code,
        base_currency_code=terms.base_currency_code,
        exchange_rate=terms.exchange_rate,
        line_count=len(sums.lines),
        net_amount=sums.net_amount,
        base_net_amount=sums.base_net_amount,
        original_order=draft.original_order,
        seller=seller,
        team=team,
        reference=draft.reference,
        cancel_reason="",
        create_time=at,
        update_time=at,
        etag=etag,
        fingerprint=new.fingerprint,
        lines=sums.lines,
    )


def orders_that_fit(line_counts: Iterable[int], most_lines: int) -> int:
    """How many of the orders, from the first on, have at most so many lines together; one at least,
    however large it is."""
    return max(1, sum(lines <= most_lines for lines in accumulate(line_counts)))


def _expect_lines(name: str, state: State, line_count: int) -> None:
    if state in COUNTED and not line_count:
        raise failed_precondition("ORDER_EMPTY", f"{name} has no lines to agree on", resource=name)


@dataclass(frozen=True, slots=True)
class OrderTotals:
    """The sum of some orders; the identified ones are those with a customer."""

    order_count: int
    base_net_amount: int
    identified_order_count: int
    identified_base_net_amount: int
    customer_count: int


@dataclass(frozen=True, slots=True)
class Purchase:
    """One product as a customer buys it; `last_order_time` is None where it only came back."""

    product: str
    description: str
    quantity: int
    base_net_amount: int
    order_count: int
    last_order_time: datetime | None
