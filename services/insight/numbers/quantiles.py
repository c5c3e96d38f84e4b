"""Quantiles of integers, exact.

A quantile in floating point can land an ulp beside the value it should equal, and that value would
then lie above its own cut point. So the quantile is kept as an integer multiple until the end.
"""

import numpy as np

from services.insight.numbers.columns import Ints

__all__ = ["scaled_quantile"]


def scaled_quantile(ordered: Ints, start: Ints, count: Ints, numerator: int, parts: int) -> Ints:
    """`parts` times the quantile `numerator / parts` of each group: an exact integer.

    A group is `ordered[start : start + count]`, ascending; every count is at least 1. Linear
    interpolation (Hyndman and Fan 1996, type 7): with position h = (count - 1) · numerator / parts,
    the quantile is x[⌊h⌋] + (h - ⌊h⌋) · (x[⌊h⌋ + 1] - x[⌊h⌋]), x counted from 0.
    """
    position = (count - 1) * numerator
    below = start + position // parts
    above = np.minimum(below + 1, start + count - 1)
    remainder = position % parts
    result: Ints = (parts - remainder) * ordered[below] + remainder * ordered[above]
    return result
