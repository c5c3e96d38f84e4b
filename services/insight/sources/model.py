"""The customers, orders and touchpoints of other services, as far as facts need them.

Standard library only. `position` is that of the event a record comes from: an older event, applied
again, never overwrites a newer one.
"""

from dataclasses import dataclass

__all__ = ["CustomerRecord", "OrderRecord", "TouchRecord"]


@dataclass(frozen=True, slots=True)
class CustomerRecord:
    """A customer; instants are microseconds since 1970-01-01 UTC, empty text is not stated.

    A customer known from an order alone is not `recorded` and has neither name nor owner.
    """

    customer: str
    recorded: bool = False
    position: int = 0
    kind: str = ""
    display_name: str = ""
    industry: str = ""
    region: str = ""
    source: str = ""
    owner: str = ""
    team: str = ""
    lifecycle_stage: str = ""
    first_seen_us: int | None = None
    next_follow_up_us: int | None = None
    deleted: bool = False


@dataclass(frozen=True, slots=True)
class OrderRecord:
    """An order; `net_minor` in minor units of the base currency.

    `customer` is empty for a walk-in, `original` for what is not a return of an order that is
    named. A cancelled order stays, so that its confirmation, applied again, doesn't bring it back;
    and so does one whose customer was taken off.
    """

    name: str
    customer: str
    position: int
    time_us: int
    net_minor: int
    original: str
    counts: bool


@dataclass(frozen=True, slots=True)
class TouchRecord:
    """A touchpoint; type and channel are the contract's numbers.

    `about_price` says whether PRICE or DISCOUNT was among the topics.
    """

    name: str
    customer: str
    position: int
    time_us: int
    type: int
    channel: int
    about_price: bool
