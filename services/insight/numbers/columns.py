"""Column types of the insight models and the four ways to add rows up by customer.

Plain numpy only: what a column means is said where it is declared.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "UNSET",
    "Codes",
    "Flags",
    "Floats",
    "Ints",
    "count_by",
    "largest_by",
    "smallest_by",
    "sum_by",
]

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Codes = NDArray[np.int8]

UNSET: Final = -(2**63)
"""Stands in an integer column for what isn't known. Unknown floats are NaN, unknown codes are 0."""

_LARGEST: Final = 2**63 - 1
_HALF: Final = 32
_LOW: Final = 2**_HALF - 1
_MOST_HIGH: Final = 2 ** (60 - _HALF)


def count_by(customer: Ints, counted: Flags, customers: int) -> Ints:
    """Number of rows of each customer where `counted` is true."""
    total = np.zeros(customers, dtype=np.int64)
    np.add.at(total, customer, counted.astype(np.int64))
    return total


def sum_by(customer: Ints, values: Ints, customers: int) -> Ints:
    """Sum of `values` of each customer, exact; 0 for a customer without rows.

    Raises OverflowError beyond 2^60, the most that quantiles can be taken of.
    """
    high = np.zeros(customers, dtype=np.int64)
    low = np.zeros(customers, dtype=np.int64)
    np.add.at(high, customer, values >> _HALF)
    np.add.at(low, customer, values & _LOW)
    high += low >> _HALF
    if np.any(np.abs(high) >= _MOST_HIGH):
        raise OverflowError("a sum is beyond 2^60")
    return (high << _HALF) + (low & _LOW)


def largest_by(customer: Ints, values: Ints, counted: Flags, customers: int) -> Ints:
    """Largest of the counted `values` of each customer; UNSET where there is none."""
    largest = np.full(customers, UNSET, dtype=np.int64)
    np.maximum.at(largest, customer, np.where(counted, values, UNSET))
    return largest


def smallest_by(customer: Ints, values: Ints, counted: Flags, customers: int) -> Ints:
    """Smallest of the counted `values` of each customer; UNSET where there is none."""
    smallest = np.full(customers, _LARGEST, dtype=np.int64)
    np.minimum.at(smallest, customer, np.where(counted, values, _LARGEST))
    return np.where(smallest == _LARGEST, UNSET, smallest)
