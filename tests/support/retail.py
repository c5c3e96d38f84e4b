"""Generated trade of a gift wholesaler, in the shape and with the quirks of real invoice lines.

Seeded and of any size; nothing of it is real. Every quirk occurs at least once from a hundred
invoices on: exact duplicates, cancellations `C…` (negative, not linked to the original), bad-debt
adjustments `A…`, write-offs (negative at price 0), walk-ins without a customer, prices with three
decimals, invoices with two timestamps, customers with two countries, odd stock codes.
"""

import csv
import gzip
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from itertools import accumulate
from pathlib import Path
from random import Random
from typing import NamedTuple

__all__ = ["COLUMNS", "Line", "Signer", "Touch", "retail_lines", "signers", "touches", "write_csv"]


class Line(NamedTuple):
    """One invoice line as it stands in the file: text, but for the quantity."""

    invoice: str
    stock_code: str
    description: str
    quantity: int
    invoice_time: str
    unit_price: str
    customer_id: str
    country: str


COLUMNS = Line._fields


class Touch(NamedTuple):
    """One touchpoint, its type, channel and topics by their names in the contract."""

    customer_id: str
    touch_time: str
    type: str
    channel: str
    topics: str


class Signer(NamedTuple):
    """One contact, and where they sign; 0 for who doesn't."""

    customer_id: str
    approval_order: int
    active: bool


class _Kind(Enum):
    """What an invoice is, and its share of all invoices."""

    SALE = 0.6575
    WALK_IN = 0.1425
    CANCELLATION = 0.148
    WRITE_OFF = 0.0516
    BAD_DEBT = 0.0001


@dataclass(frozen=True, slots=True)
class _Shop:
    """What the generator draws from."""

    random: Random
    customers: list[str]
    weights: list[float]
    countries: list[str]
    second_countries: dict[str, str]
    codes: list[str]
    prices: list[str]

    def customer(self) -> int:
        return self.random.choices(range(len(self.customers)), cum_weights=self.weights)[0]

    def item(self) -> int:
        # The square prefers the first stock codes: a few items sell far more than the rest.
        return int(self.random.random() ** 2 * len(self.codes))


_COUNTRIES = ("Germany", "France", "EIRE", "Spain", "Netherlands", "Belgium", "Switzerland")
_ODD_CODES = ("POST", "DOT", "M", "BANK CHARGES", "PADS", "gift_0001_20", "DCGSSGIRL", "C2", "S")
_WORDS = ("WHITE", "RED", "RETROSPOT", "HEART", "T-LIGHT", "LANTERN", "CAKE", "BUNTING", "VINTAGE")


def retail_lines(seed: int, invoices: int, customers: int | None = None) -> Iterator[Line]:
    """The lines of `invoices` invoices over a bit more than a year, about 21 lines each, by time.

    Without `customers` there are as many to an invoice as in the trade this is modelled on.
    """
    random = Random(seed)
    shop = _shop(random, customers or max(8, invoices * 2 // 11))
    kinds = _kinds(random, invoices)
    long_invoices = [i for i, kind in enumerate(kinds) if kind is _Kind.SALE]
    two_times = set(random.sample(long_invoices, max(1, invoices // 600)))
    three_decimals = set(random.sample(long_invoices, max(1, invoices // 6500)))
    twins = set(random.sample(long_invoices, max(1, invoices // 5)))
    for index, (kind, time) in enumerate(zip(kinds, _times(random, invoices), strict=True)):
        number = str(536_365 + index)
        if kind is _Kind.WRITE_OFF:
            yield _write_off(shop, number, time)
        elif kind is _Kind.BAD_DEBT:
            yield _bad_debt(shop, number, time)
        elif kind is _Kind.CANCELLATION:
            yield from _cancellation(shop, number, time)
        else:
            lines = _sale(shop, number, time, walk_in=kind is _Kind.WALK_IN)
            if index in three_decimals:
                lines[-1] = lines[-1]._replace(stock_code="PADS", quantity=1, unit_price="0.001")
            if index in twins:
                lines.append(random.choice(lines))
            if index in two_times:
                lines.append(random.choice(lines)._replace(invoice_time=_minute_after(lines[0])))
            yield from lines


_TYPES = (
    *("PAGE_VIEW", "FORM", "DOWNLOAD", "EVENT", "CALL", "MEETING", "EMAIL", "CHAT", "VISIT"),
    *("SOCIAL", "QUOTE_SENT", "ORDER", "NOTE", "SYSTEM"),
)


def touches(seed: int, customers: Sequence[str], each: int = 6) -> list[Touch]:
    """About `each` touchpoints a customer over the same period, some of them at the same instant.

    A tenth of the customers has none. Nothing is in order.
    """
    random = Random(seed)
    start = datetime.fromisoformat("2010-11-20")  # as in the file: no zone
    channels = ("CHANNEL_UNSPECIFIED", "WEBSITE", "SEARCH", "MAIL", "PHONE", "WECHAT", "REFERRAL")
    topics = ("", "PRICE", "DISCOUNT", "DELIVERY", "PRICE DELIVERY", "QUALITY PRICE DISCOUNT")
    found: list[Touch] = []
    for customer in customers:
        count = 0 if random.random() < 0.1 else random.randint(1, 2 * each)
        for _ in range(count):
            time = start + timedelta(minutes=random.randint(0, 60 * 24 * 390))
            found.extend(
                Touch(
                    customer,
                    str(time),
                    random.choice(_TYPES),
                    random.choice(channels),
                    random.choice(topics),
                )
                for _ in range(random.choice((1, 1, 1, 2)))
            )
    random.shuffle(found)
    return found


def signers(seed: int, customers: Sequence[str]) -> list[Signer]:
    """Up to seven contacts a customer; several share a level, and some have left."""
    random = Random(seed)
    return [
        Signer(customer, random.randint(0, 5), random.random() < 0.8)
        for customer in customers
        for _ in range(random.randint(0, 7))
    ]


def write_csv(lines: Iterable[Line], path: Path) -> Path:
    """Writes the lines with a header, gzipped if the name ends in `.gz`; returns the path."""
    opened = gzip.open if path.suffix == ".gz" else open
    with opened(path, "wt", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        writer.writerows(lines)
    return path


def _shop(random: Random, customers: int) -> _Shop:
    ids = [str(12_346 + index) for index in range(customers)]
    countries = [
        "United Kingdom" if random.random() < 0.9 else random.choice(_COUNTRIES) for _ in ids
    ]
    movers = random.sample(ids, max(1, customers // 550))
    return _Shop(
        random=random,
        customers=ids,
        # Few buy very often, many once: gamma with shape below 1.
        weights=list(accumulate(random.gammavariate(0.8, 1.0) + 0.05 for _ in ids)),
        countries=countries,
        second_countries=dict.fromkeys(movers, "Cyprus"),
        codes=_stock_codes(random, 3_000),
        prices=[f"{random.lognormvariate(0.8, 0.8) + 0.05:.2f}" for _ in range(3_000)],
    )


def _stock_codes(random: Random, count: int) -> list[str]:
    codes = [f"{random.randint(10_000, 99_999)}{random.choice(_SUFFIXES)}" for _ in range(count)]
    codes[5 : 5 + len(_ODD_CODES)] = _ODD_CODES
    return codes


_SUFFIXES = ("", "", "", "", "", "A", "B", "G", "a", "b", "bl")


def _kinds(random: Random, invoices: int) -> list[_Kind]:
    rare = {kind: max(1, round(kind.value * invoices)) for kind in _Kind}
    del rare[_Kind.SALE]
    rare[_Kind.BAD_DEBT] = max(3, rare[_Kind.BAD_DEBT])
    kinds: list[_Kind] = [kind for kind, count in rare.items() for _ in range(count)]
    kinds += [_Kind.SALE] * (invoices - len(kinds))
    random.shuffle(kinds)
    return kinds


def _times(random: Random, invoices: int) -> list[datetime]:
    """Ascending, to the minute, in business hours, never on a Saturday."""
    start = datetime.fromisoformat("2010-12-01")  # as in the file: no zone
    days = [start + timedelta(days=n) for n in range(374)]
    open_days = [day for day in days if day.weekday() != 5]
    return sorted(
        random.choice(open_days) + timedelta(minutes=random.randint(6 * 60, 20 * 60))
        for _ in range(invoices)
    )


def _sale(shop: _Shop, number: str, time: datetime, *, walk_in: bool) -> list[Line]:
    random = shop.random
    customer = shop.customer()
    owner = "" if walk_in else shop.customers[customer]
    country = shop.countries[customer]
    if owner in shop.second_countries and random.random() < 0.5:
        country = shop.second_countries[owner]
    size = min(1_114, max(1, int(random.lognormvariate(3.0 if walk_in else 2.5, 1.1))))
    lines = []
    for _ in range(size):
        item = shop.item()
        quantity = max(1, int(random.lognormvariate(1.4, 1.2)))
        price = "0.0" if random.random() < 0.0002 else shop.prices[item]
        lines.append(_line(shop, number, item, quantity, time, price, owner, country))
    return lines


def _cancellation(shop: _Shop, number: str, time: datetime) -> list[Line]:
    random = shop.random
    customer = shop.customer()
    owner = "" if random.random() < 0.04 else shop.customers[customer]
    lines = []
    for _ in range(random.choice((1, 1, 1, 2, 3, 5))):
        item, quantity = shop.item(), max(1, int(random.lognormvariate(1.2, 1.2)))
        price, country = shop.prices[item], shop.countries[customer]
        lines.append(_line(shop, f"C{number}", item, -quantity, time, price, owner, country))
    return lines


def _write_off(shop: _Shop, number: str, time: datetime) -> Line:
    quantity = -shop.random.randint(1, 400)
    line = _line(shop, number, shop.item(), quantity, time, "0.0", "", "United Kingdom")
    return line._replace(description="")


def _bad_debt(shop: _Shop, number: str, time: datetime) -> Line:
    price = shop.random.choice(("-11062.06", "11062.06"))
    line = _line(shop, f"A{number}", 0, 1, time, price, "", "United Kingdom")
    return line._replace(stock_code="B", description="Adjust bad debt")


def _line(
    shop: _Shop,
    invoice: str,
    item: int,
    quantity: int,
    time: datetime,
    price: str,
    customer: str,
    country: str,
) -> Line:
    description = f"{_WORDS[item % 9]} {_WORDS[item // 9 % 9]}, NO. {item}"
    code = shop.codes[item]
    return Line(invoice, code, description, quantity, str(time), price, customer, country)


def _minute_after(line: Line) -> str:
    return str(datetime.fromisoformat(line.invoice_time) + timedelta(minutes=1))
