"""Orders, touchpoints, contacts and customers as columns: what facts are computed from.

A customer is a place 0 … n-1 in `CustomerColumns`; rows come in any order. Instants are
microseconds since 1970-01-01 UTC, amounts are minor units of the base currency.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Final, Self

import numpy as np

from services.insight.numbers.columns import UNSET, Flags, Ints

__all__ = [
    "NO_ORDER",
    "WALK_IN",
    "ContactColumns",
    "CustomerColumns",
    "OrderColumns",
    "TouchChannel",
    "TouchColumns",
    "TouchType",
]

WALK_IN: Final = -1
"""The customer of a row that belongs to nobody; it counts for no customer."""

NO_ORDER: Final = -1
"""The original of an order that names none."""


class TouchType(IntEnum):
    """What happened at a touchpoint: numbers of `guanxi.customer.v1.Touchpoint.Type`."""

    TYPE_UNSPECIFIED = 0
    PAGE_VIEW = 1
    FORM = 2
    DOWNLOAD = 3
    EVENT = 4
    CALL = 5
    MEETING = 6
    EMAIL = 7
    CHAT = 8
    VISIT = 9
    SOCIAL = 10
    QUOTE_SENT = 11
    ORDER = 12
    PAYMENT = 13
    CASE = 14
    NOTE = 15
    SYSTEM = 16


class TouchChannel(IntEnum):
    """Which way a touchpoint came: numbers of `guanxi.customer.v1.Touchpoint.Channel`."""

    CHANNEL_UNSPECIFIED = 0
    WEBSITE = 1
    SEARCH = 2
    ADS = 3
    MAIL = 4
    PHONE = 5
    WECHAT = 6
    SOCIAL_MEDIA = 7
    TRADE_EVENT = 8
    REFERRAL = 9
    PARTNER = 10
    OTHER = 11


@dataclass(frozen=True, slots=True)
class OrderColumns:
    """Orders that count (confirmed or fulfilled), one row each.

    `original` is the row of the order that a return names, NO_ORDER for all others.
    """

    customer: Ints
    time_us: Ints
    net_minor: Ints
    original: Ints

    @classmethod
    def of(cls, rows: Sequence[tuple[int, int, int]], originals: Sequence[int] = ()) -> Self:
        """From rows (customer, time_us, net_minor), and for each the row of its original."""
        table = np.array(rows, dtype=np.int64).reshape(-1, 3)
        named = np.array(originals, dtype=np.int64) if originals else np.full(len(rows), NO_ORDER)
        return cls(table[:, 0], table[:, 1], table[:, 2], original=named)


@dataclass(frozen=True, slots=True)
class TouchColumns:
    """Touchpoints, one row each. `about_price`: PRICE or DISCOUNT is among the topics."""

    customer: Ints
    time_us: Ints
    type: Ints
    channel: Ints
    about_price: Flags

    @classmethod
    def of(cls, rows: Sequence[tuple[int, int, int, int, bool]]) -> Self:
        """From rows (customer, time_us, type, channel, about_price)."""
        table = np.array(rows, dtype=np.int64).reshape(-1, 5)
        return cls(
            customer=table[:, 0],
            time_us=table[:, 1],
            type=table[:, 2],
            channel=table[:, 3],
            about_price=table[:, 4] != 0,
        )


@dataclass(frozen=True, slots=True)
class ContactColumns:
    """Contacts who sign, one row each; `approval_order` from 1 on."""

    customer: Ints
    approval_order: Ints

    @classmethod
    def of(cls, rows: Sequence[tuple[int, int]]) -> Self:
        """From rows (customer, approval_order)."""
        table = np.array(rows, dtype=np.int64).reshape(-1, 2)
        return cls(table[:, 0], table[:, 1])


@dataclass(frozen=True, slots=True)
class CustomerColumns:
    """The customers to compute facts for. `first_seen_us` is UNSET where no record says it."""

    first_seen_us: Ints

    @classmethod
    def of(cls, first_seen_us: Sequence[int | None]) -> Self:
        """From the instants each customer's record says they were first seen."""
        seen = [UNSET if instant is None else instant for instant in first_seen_us]
        return cls(first_seen_us=np.array(seen, dtype=np.int64))

    def __len__(self) -> int:
        return len(self.first_seen_us)
