"""The stages of a relationship, and what orders make of them."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

__all__ = ["SETTLED", "LifecycleStage", "OrderNews", "advance", "earned", "is_earned"]


class LifecycleStage(StrEnum):
    """How far the relationship has come, in order but for the last two."""

    SUBSCRIBER = "SUBSCRIBER"
    LEAD = "LEAD"
    MARKETING_QUALIFIED_LEAD = "MARKETING_QUALIFIED_LEAD"
    SALES_QUALIFIED_LEAD = "SALES_QUALIFIED_LEAD"
    OPPORTUNITY = "OPPORTUNITY"
    CUSTOMER = "CUSTOMER"
    REPEAT_CUSTOMER = "REPEAT_CUSTOMER"
    ADVOCATE = "ADVOCATE"
    LOST = "LOST"


# How far each stage is, for orders: they bring back who was LOST, and leave an ADVOCATE alone.
_ADVANCE: Final = (LifecycleStage.LOST, *(each for each in LifecycleStage if each.name != "LOST"))
_EARNED: Final = (LifecycleStage.CUSTOMER, LifecycleStage.REPEAT_CUSTOMER)


# Stages that no further order changes.
SETTLED: Final = frozenset(_ADVANCE[_ADVANCE.index(LifecycleStage.REPEAT_CUSTOMER) :])


def earned(orders: int) -> LifecycleStage | None:
    """The stage that so many orders give; None for none."""
    return _EARNED[min(orders, len(_EARNED)) - 1] if orders > 0 else None


def is_earned(stage: LifecycleStage) -> bool:
    """Whether it is one that orders give."""
    return stage in _EARNED


def advance(stage: LifecycleStage) -> int:
    """How far it is, for orders."""
    return _ADVANCE.index(stage)


@dataclass(frozen=True, slots=True)
class OrderNews:
    """What is told of an order: whether it counts for its customer from here on."""

    customer: str
    counts: bool
