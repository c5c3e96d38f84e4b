"""The contract's enums as numbers: what facts store for a segment, a tier, an activity, a class."""

from enum import IntEnum

__all__ = ["Activity", "CustomerClass", "RfmSegment", "ValueTier"]


class RfmSegment(IntEnum):
    """Segment by recency and frequency: numbers of `guanxi.insight.v1.RfmSegment`."""

    RFM_SEGMENT_UNSPECIFIED = 0
    PROSPECTS = 1
    NEW_CUSTOMERS = 2
    PROMISING = 3
    POTENTIAL_LOYALISTS = 4
    CHAMPIONS = 5
    LOYAL_CUSTOMERS = 6
    NEED_ATTENTION = 7
    ABOUT_TO_SLEEP = 8
    HIBERNATING = 9
    AT_RISK = 10
    CANT_LOSE_THEM = 11
    LOST = 12


class ValueTier(IntEnum):
    """How much a customer is worth: numbers of `guanxi.insight.v1.ValueTier`."""

    VALUE_TIER_UNSPECIFIED = 0
    HIGH = 1
    REGULAR = 2
    LOW = 3


class Activity(IntEnum):
    """Where a customer stands in their own cycle: numbers of `guanxi.insight.v1.Activity`."""

    ACTIVITY_UNSPECIFIED = 0
    ACTIVE = 1
    DUE = 2
    LATE = 3
    DORMANT = 4


class CustomerClass(IntEnum):
    """The business's classes: numbers of `guanxi.insight.v1.CustomerClass`."""

    CUSTOMER_CLASS_UNSPECIFIED = 0
    HIGH_VALUE_CUSTOMER = 1
    REGULAR_CUSTOMER = 2
    DORMANT_CUSTOMER = 3
