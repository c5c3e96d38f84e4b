"""Facts recomputed from raw invoice lines and touchpoints with joins and groups, in Polars.

An independent second opinion for the tests: nothing of the suite is imported here, and nothing of
this is imported by the suite. The definitions are those of `guanxi/insight/v1/*.proto`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from pathlib import Path

import polars as pl

from tests.support.oracle_scores import classes, quantile, scores, windows
from tests.support.retail import COLUMNS, Line, Signer, Touch

__all__ = ["Opinion", "lines_frame", "read_lines", "recompute", "signers_frame", "touches_frame"]

CONTACTS = ["CALL", "MEETING", "EMAIL", "CHAT", "VISIT"]
# In the order of the contract, which settles ties between channels.
CHANNELS = (
    *("CHANNEL_UNSPECIFIED", "WEBSITE", "SEARCH", "ADS", "MAIL", "PHONE", "WECHAT"),
    *("SOCIAL_MEDIA", "TRADE_EVENT", "REFERRAL", "PARTNER", "OTHER"),
)


@dataclass(frozen=True, slots=True)
class Opinion:
    """What the oracle found: a row a customer, the cut points and gap quartiles, the sums.

    Amounts are minor units. The sums are over all lines, whatever their day.
    """

    facts: pl.DataFrame
    cut_points: Mapping[str, list[Fraction]]
    gap_quartiles: list[Fraction]
    buyers: int
    company_net: int
    identified_net: int


def read_lines(path: Path) -> pl.DataFrame:
    """The lines of a CSV file, gzipped or not, all text but for the quantity."""
    types: dict[str, type[pl.DataType]] = dict.fromkeys(COLUMNS, pl.String)
    return pl.read_csv(path, schema_overrides=types | {"quantity": pl.Int64})


def lines_frame(lines: Iterable[Line]) -> pl.DataFrame:
    """Generated lines as they would be read from a file."""
    frame = pl.DataFrame(list(lines), schema=list(COLUMNS), orient="row")
    return frame.with_columns(pl.col(pl.String).replace("", None))


def touches_frame(touches: Iterable[Touch]) -> pl.DataFrame:
    """Touchpoints as a frame, also if there are none."""
    schema = dict.fromkeys(Touch._fields, pl.String)
    return pl.DataFrame(list(touches), schema=schema, orient="row")


def signers_frame(signers: Iterable[Signer]) -> pl.DataFrame:
    """Contacts as a frame, also if there are none."""
    schema = {"customer_id": pl.String, "approval_order": pl.Int64, "active": pl.Boolean}
    return pl.DataFrame(list(signers), schema=schema, orient="row")


def recompute(
    lines: pl.DataFrame,
    touches: pl.DataFrame,
    signers: pl.DataFrame,
    *,
    as_of: date,
    zone: str,
    first_seen: Mapping[str, str],
) -> Opinion:
    """Facts of everyone who occurs, on `as_of`; `first_seen` by their records, as in the file."""
    every_order = _orders(lines).pipe(_with_day, "order_time", zone)
    every_touch = touches.with_columns(pl.col("touch_time").str.to_datetime(time_unit="us")).pipe(
        _with_day, "touch_time", zone
    )
    records = (
        pl.DataFrame(list(first_seen.items()), schema=["customer_id", "seen"], orient="row")
        .with_columns(pl.col("seen").cast(pl.String).str.to_datetime(time_unit="us"))
        .pipe(_with_day, "seen", zone)
    )
    everyone = (
        pl.concat([f.select("customer_id") for f in (every_order, every_touch, signers, records)])
        .drop_nulls()
        .unique()
    )

    identified = every_order.drop_nulls("customer_id")
    orders = identified.filter(pl.col("day") <= as_of)
    contacts = every_touch.filter(pl.col("day") <= as_of)
    seen = pl.concat(f.select("customer_id", "day") for f in (orders, contacts, records))
    purchases = orders.filter((pl.col("net") > 0) & (pl.col("net").sum().over("customer_id") > 0))
    gaps = _gaps(purchases)
    facts = everyone
    for found in (
        _age(seen, as_of),
        _spend(orders, as_of),
        _purchases(purchases, as_of),
        _same_period(orders, purchases, as_of),
        _cycles(gaps),
        _journey(contacts, as_of),
        _chain(signers),
    ):
        facts = facts.join(found, on="customer_id", how="left")
    facts = _completed(facts)

    all_gaps = sorted(gaps["gap"].to_list())
    quartiles = [quantile(all_gaps, Fraction(k, 4)) for k in (1, 2, 3)] if all_gaps else []
    buyers = facts.filter(pl.col("purchase_days") > 0)
    cuts = {
        column: [quantile(sorted(buyers[column].to_list()), Fraction(k, 5)) for k in (1, 2, 3, 4)]
        for column in ("days_since_order", "purchase_days", "spend_total_minor")
        if buyers.height
    }
    facts = facts.pipe(windows, quartiles).pipe(scores, cuts).pipe(classes)
    return Opinion(
        facts=facts.sort("customer_id"),
        cut_points=cuts,
        gap_quartiles=quartiles,
        buyers=buyers.height,
        company_net=int(every_order["net"].sum()),
        identified_net=int(identified["net"].sum()),
    )


def _orders(lines: pl.DataFrame) -> pl.DataFrame:
    """An invoice is one order, at its first timestamp; its lines are rounded half to even."""
    price = pl.col("unit_price").cast(pl.Decimal(18, 3)).cast(pl.Float64) * 1000
    thousandths = price.round().cast(pl.Int64) * pl.col("quantity")
    down, rest = thousandths.floordiv(10), thousandths % 10
    up = (rest > 5) | ((rest == 5) & (down % 2 == 1))
    return (
        lines.with_columns(cents=down + up.cast(pl.Int64))
        .group_by("invoice")
        .agg(
            pl.col("customer_id").first(),
            pl.col("invoice_time").str.to_datetime(time_unit="us").min().alias("order_time"),
            pl.col("cents").sum().alias("net"),
        )
    )


def _with_day(frame: pl.DataFrame, column: str, zone: str) -> pl.DataFrame:
    local = pl.col(column).dt.replace_time_zone("UTC").dt.convert_time_zone(zone)
    return frame.with_columns(day=local.dt.date())


def _days_until(as_of: date, day: pl.Expr) -> pl.Expr:
    return (pl.lit(as_of) - day).dt.total_days()


def _age(seen: pl.DataFrame, as_of: date) -> pl.DataFrame:
    known = seen.filter(pl.col("day") <= as_of).group_by("customer_id").agg(pl.col("day").min())
    return known.select("customer_id", age_days=_days_until(as_of, pl.col("day")))


def _spend(orders: pl.DataFrame, as_of: date) -> pl.DataFrame:
    year = pl.col("day") > as_of - timedelta(days=365)
    back, bought = pl.col("net").filter(pl.col("net") < 0), pl.col("net").filter(pl.col("net") > 0)
    return orders.group_by("customer_id").agg(
        spend_total_minor=pl.col("net").sum(),
        spend_365d_minor=pl.col("net").filter(year).sum(),
        return_rate=pl.when(bought.len() > 0).then(-back.sum() / bought.sum()),
    )


def _purchases(purchases: pl.DataFrame, as_of: date) -> pl.DataFrame:
    year = pl.col("day") > as_of - timedelta(days=365)
    found = purchases.group_by("customer_id").agg(
        orders_365d=year.sum().cast(pl.Int64),
        orders_total=pl.len().cast(pl.Int64),
        purchase_days=pl.col("day").n_unique().cast(pl.Int64),
        bought=pl.col("net").sum(),
        largest_order_minor=pl.col("net").max(),
        first_order_time=pl.col("order_time").min(),
        last_order_time=pl.col("order_time").max(),
        last_purchase_day=pl.col("day").max(),
    )
    average = pl.struct("bought", "orders_total").map_elements(
        lambda row: round(Fraction(row["bought"], row["orders_total"])), return_dtype=pl.Int64
    )
    since = _days_until(as_of, pl.col("last_purchase_day"))
    return found.with_columns(average_order_value_minor=average, days_since_order=since)


def _same_period(orders: pl.DataFrame, purchases: pl.DataFrame, as_of: date) -> pl.DataFrame:
    first, last = as_of - timedelta(days=380), as_of - timedelta(days=350)
    then = pl.col("day").is_between(first, last)
    spent, largest = (frame.filter(then).group_by("customer_id") for frame in (orders, purchases))
    return spent.agg(spend_same_period_minor=pl.col("net").sum()).join(
        largest.agg(largest_order_same_period_minor=pl.col("net").max()),
        on="customer_id",
        how="left",
    )


def _gaps(purchases: pl.DataFrame) -> pl.DataFrame:
    days = purchases.select("customer_id", "day").unique()
    after = days.sort("day").with_columns(gap=pl.col("day").diff().over("customer_id"))
    return after.drop_nulls("gap").with_columns(pl.col("gap").dt.total_days())


def _cycles(gaps: pl.DataFrame) -> pl.DataFrame:
    gap, median = pl.col("gap"), pl.col("gap").median()
    return gaps.group_by("customer_id").agg(
        gap_count=pl.len().cast(pl.Int64),
        median_days_between_orders=median,
        order_regularity=((gap >= 0.75 * median) & (gap <= 1.25 * median)).mean(),
        own_lower=gap.quantile(0.25, "linear"),
        own_upper=gap.quantile(0.75, "linear"),
    )


def _journey(touches: pl.DataFrame, as_of: date) -> pl.DataFrame:
    time, day = pl.col("touch_time"), pl.col("day")
    contact = pl.col("type").is_in(CONTACTS)
    intent = pl.col("type").is_in(["DOWNLOAD", "FORM"])
    about_price = pl.col("topics").str.contains("PRICE|DISCOUNT")
    last_contact, last_intent = time.filter(contact).max(), time.filter(intent).max()
    open_intent = last_contact.is_null() | (last_intent > last_contact)
    touched = touches.group_by("customer_id").agg(
        last_contact_time=last_contact,
        since_contact=_days_until(as_of, day.filter(contact).max()),
        contacts_90d=(contact & (_days_until(as_of, day) < 90)).sum().cast(pl.Int64),
        negotiations_180d=(contact & about_price & (_days_until(as_of, day) < 180))
        .sum()
        .cast(pl.Int64),
        intent_downloads=intent.sum().cast(pl.Int64),
        days_since_unanswered_intent=pl.when(open_intent).then(
            _days_until(as_of, day.filter(intent).max())
        ),
    )
    stated = (
        touches.filter(~pl.col("type").is_in(["NOTE", "SYSTEM"]))
        .filter(pl.col("channel") != CHANNELS[0])
        .with_columns(place=pl.col("channel").replace_strict(CHANNELS, range(len(CHANNELS))))
        .sort("touch_time", "place")
        .group_by("customer_id", maintain_order=True)
        .agg(
            first_touch_channel=pl.col("channel").first(),
            last_touch_channel=pl.col("channel").last(),
        )
    )
    return touched.join(stated, on="customer_id", how="left")


def _chain(signers: pl.DataFrame) -> pl.DataFrame:
    there = signers.filter(pl.col("active") & (pl.col("approval_order") > 0))
    return there.group_by("customer_id").agg(
        decision_chain_length=pl.col("approval_order").n_unique().cast(pl.Int64)
    )


def _completed(facts: pl.DataFrame) -> pl.DataFrame:
    """Counts and sums over nothing are 0; the rest stays unset."""
    counted = (
        *("orders_total", "orders_365d", "purchase_days", "spend_total_minor", "gap_count"),
        *("spend_365d_minor", "spend_same_period_minor", "contacts_90d", "negotiations_180d"),
        *("intent_downloads", "decision_chain_length"),
    )
    ratio = pl.col("largest_order_same_period_minor") / pl.col("average_order_value_minor")
    return facts.with_columns(
        *(pl.col(name).fill_null(0) for name in counted),
        same_period_ratio=ratio,
        days_since_contact=pl.coalesce("since_contact", "age_days"),
        first_touch_channel=pl.col("first_touch_channel").fill_null(CHANNELS[0]),
        last_touch_channel=pl.col("last_touch_channel").fill_null(CHANNELS[0]),
    )
