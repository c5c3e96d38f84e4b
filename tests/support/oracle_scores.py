"""The second half of the oracle: windows, scores and classes from the facts of `oracle`.

As independent of the suite as the first half.
"""

from collections.abc import Mapping
from fractions import Fraction
from itertools import pairwise

import polars as pl

__all__ = ["classes", "quantile", "scores", "windows"]

GRID = {
    5: "NEW_CUSTOMERS POTENTIAL_LOYALISTS POTENTIAL_LOYALISTS CHAMPIONS CHAMPIONS",
    4: "PROMISING POTENTIAL_LOYALISTS POTENTIAL_LOYALISTS LOYAL_CUSTOMERS LOYAL_CUSTOMERS",
    3: "ABOUT_TO_SLEEP ABOUT_TO_SLEEP NEED_ATTENTION LOYAL_CUSTOMERS LOYAL_CUSTOMERS",
    2: "HIBERNATING HIBERNATING AT_RISK AT_RISK CANT_LOSE_THEM",
    1: "LOST HIBERNATING AT_RISK AT_RISK CANT_LOSE_THEM",
}


def windows(facts: pl.DataFrame, quartiles: list[Fraction]) -> pl.DataFrame:
    own = pl.col("gap_count") >= 3
    bought = pl.col("purchase_days") > 0
    common: list[float | None] = [float(quartile) for quartile in quartiles] or [None] * 3
    used = {
        name: pl.when(own).then(pl.col(column)).when(bought).then(pl.lit(value, pl.Float64))
        for name, column, value in zip(
            ("lower_quartile_gap_days", "median_gap_days", "upper_quartile_gap_days"),
            ("own_lower", "median_days_between_orders", "own_upper"),
            common,
            strict=True,
        )
    }
    last, gaps = pl.col("last_purchase_day"), pl.col("gap_count")
    expected = pl.col("median_gap_days").round(mode="half_to_even")
    return facts.with_columns(**used).with_columns(
        cycles_since_order=pl.col("days_since_order") / pl.col("median_gap_days"),
        confidence=(pl.col("order_regularity") * gaps / (gaps + 3)).fill_null(0.0),
        next_order_start=last + pl.duration(days=pl.col("lower_quartile_gap_days").floor()),
        next_order_expected=last + pl.duration(days=expected),
        next_order_end=last + pl.duration(days=pl.col("upper_quartile_gap_days").ceil()),
        predictor=pl.when(pl.col("median_gap_days").is_null())
        .then(pl.lit("PREDICTOR_UNSPECIFIED"))
        .when(own)
        .then(pl.lit("CYCLE"))
        .otherwise(pl.lit("POPULATION_CYCLE")),
    )


def scores(facts: pl.DataFrame, cuts: Mapping[str, list[Fraction]]) -> pl.DataFrame:
    bought = pl.col("purchase_days") > 0

    def passed(column: str) -> pl.Expr:
        # A whole number is above a cut point if it is above its floor: no fraction is rounded.
        above = [pl.col(column) > cut.__floor__() for cut in cuts.get(column, [])]
        return pl.when(bought).then(pl.sum_horizontal(above)) if above else pl.lit(None)

    return facts.with_columns(
        r_score=5 - passed("days_since_order").cast(pl.Int64),
        f_score=1 + passed("purchase_days").cast(pl.Int64),
        m_score=1 + passed("spend_total_minor").cast(pl.Int64),
    )


def classes(facts: pl.DataFrame) -> pl.DataFrame:
    segment = pl.lit("PROSPECTS")
    for r, row in GRID.items():
        for f, name in enumerate(row.split(), start=1):
            here = (pl.col("r_score") == r) & (pl.col("f_score") == f)
            segment = pl.when(here).then(pl.lit(name)).otherwise(segment)
    tiers = {1: "LOW", 2: "LOW", 3: "REGULAR", 4: "REGULAR", 5: "HIGH"}
    activity = pl.lit("ACTIVITY_UNSPECIFIED")
    edges = {"ACTIVE": 0, "DUE": 1, "LATE": 2, "DORMANT": 4, "": 10**9}
    for (name, low), (_, high) in pairwise(edges.items()):
        here = pl.col("cycles_since_order").is_between(low, high, closed="left")
        activity = pl.when(here).then(pl.lit(name)).otherwise(activity)
    return facts.with_columns(
        segment=segment,
        activity=activity,
        value_tier=pl.col("m_score").replace_strict(tiers, default="VALUE_TIER_UNSPECIFIED"),
    ).with_columns(
        customer_class=pl.when(pl.col("activity") == "DORMANT")
        .then(pl.lit("DORMANT_CUSTOMER"))
        .when(pl.col("value_tier") == "HIGH")
        .then(pl.lit("HIGH_VALUE_CUSTOMER"))
        .when(pl.col("m_score").is_not_null())
        .then(pl.lit("REGULAR_CUSTOMER"))
        .otherwise(pl.lit("CUSTOMER_CLASS_UNSPECIFIED"))
    )


def quantile(ordered: list[int], share: Fraction) -> Fraction:
    """Linear quantile (Hyndman and Fan 1996, type 7), as a fraction."""
    position = (len(ordered) - 1) * share
    below = position.__floor__()
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (position - below) * (ordered[above] - ordered[below])
