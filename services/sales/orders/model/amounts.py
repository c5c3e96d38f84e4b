"""What the lines of an order are worth: prices, amounts and sums in exact integers, in the order's
own currency and in the base currency."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from operator import attrgetter
from typing import Final, NamedTuple, Self, TypeAlias

from services.chassis import money
from services.chassis.errors import DomainError, beneath, invalid

__all__ = ["Line", "Sums", "Terms", "Unpriced", "agree", "price_line"]

# Orders of one day share their currency and rate; reading a rate costs more than reading a line.
_TERMS_KEPT: Final = 1_000
_PRICES_KEPT: Final = 100_000


# Product, description, quantity, and the price of one in whole units and billionths.
Unpriced: TypeAlias = tuple[str, str, int, int, int]


class Line(NamedTuple):
    """One position of an order. A tuple, because an import makes half a million of them a minute.

    The price is kept as written, in whole units and billionths of the order's currency;
    `base_amount` is the line's share in the base currency (see `Sums`).
    """

    product: str
    description: str
    quantity: int
    price_units: int
    price_nanos: int
    amount: int
    base_amount: int


_AMOUNT_OF: Final = attrgetter("amount")


@dataclass(frozen=True, slots=True)
class Terms:
    """What an order is counted in: its currency, the base currency, and the rate between them."""

    currency_code: str
    base_currency_code: str
    exchange_rate: str

    @property
    def in_base_currency(self) -> bool:
        return self.currency_code == self.base_currency_code

    @property
    def price_scale(self) -> int:
        """Billionths of the currency in one of its minor units."""
        return money.NANOS // int(10 ** money.exponent(self.currency_code))


@lru_cache(maxsize=_TERMS_KEPT)
def agree(currency_code: str, base_currency_code: str, exchange_rate: str) -> Terms:
    """The terms of a new order; an empty `exchange_rate` stands for 1 in the base currency.

    Raises INVALID_ARGUMENT: CURRENCY_UNKNOWN, EXCHANGE_RATE_REQUIRED, EXCHANGE_RATE_NOT_ONE,
    EXCHANGE_RATE_NOT_POSITIVE.
    """
    money.exponent(currency_code, field="currency_code")
    same = currency_code == base_currency_code
    if not exchange_rate and not same:
        raise invalid(
            "exchange_rate",
            "EXCHANGE_RATE_REQUIRED",
            f"say how many {base_currency_code} one {currency_code} is worth",
        )
    rate = Fraction(exchange_rate or "1")
    if same and rate != 1:
        raise invalid(
            "exchange_rate",
            "EXCHANGE_RATE_NOT_ONE",
            f"one {currency_code} is one {currency_code}: leave the rate out or say 1",
        )
    if rate <= 0:
        raise invalid("exchange_rate", "EXCHANGE_RATE_NOT_POSITIVE", "must be more than 0")
    return Terms(currency_code, base_currency_code, exchange_rate or "1")


def price_line(
    product: str, description: str, quantity: int, units: int, nanos: int, price_scale: int
) -> Line:
    """A line with its amount: quantity × price, exact, then rounded half to even to minor units.

    `price_scale` is that of the order's terms; the base amount is the same until `Sums.of` knows
    better. Raises INVALID_ARGUMENT: AMOUNT_INVALID, AMOUNT_OUT_OF_RANGE.
    """
    minor, rest = _price(units, nanos, price_scale)
    amount = quantity * minor
    if rest:
        amount = money.half_even(quantity * (minor * price_scale + rest), price_scale)
    if amount not in money.AMOUNTS:
        raise _out_of_range("amount")
    return _new_line(Line, (product, description, quantity, units, nanos, amount, amount))


# What Line's own constructor does, without its call.
_new_line: Final = tuple.__new__


@lru_cache(maxsize=_PRICES_KEPT)
def _price(units: int, nanos: int, price_scale: int) -> tuple[int, int]:
    """A price in whole minor units, and the billionths that are left over."""
    return divmod(money.nanos_of(units, nanos, field="unit_price"), price_scale)


@dataclass(frozen=True, slots=True)
class Sums:
    """The lines of an order and what they add up to, in minor units of both currencies."""

    lines: tuple[Line, ...]
    net_amount: int
    base_net_amount: int

    @classmethod
    def pricing(cls, unpriced: Iterable[Unpriced], terms: Terms) -> Self:
        """Prices lines and adds them up.

        Raises INVALID_ARGUMENT: what `price_line` and reading the lines raise, beneath `lines`; and
        as `of`.
        """
        lines: list[Line] = []
        scale = terms.price_scale
        try:
            for product, description, quantity, units, nanos in unpriced:
                lines.append(price_line(product, description, quantity, units, nanos, scale))
        except DomainError as error:
            raise beneath(f"lines[{len(lines)}]", error) from None
        return cls.of(lines, terms)

    @classmethod
    def of(cls, lines: Sequence[Line], terms: Terms) -> Self:
        """Adds up priced lines. Raises INVALID_ARGUMENT, AMOUNT_OUT_OF_RANGE."""
        net = sum(map(_AMOUNT_OF, lines))
        if terms.in_base_currency:
            base_net = net
        else:
            ratio = _base_ratio(terms)
            lines = _with_base_shares(lines, ratio)
            base_net = _converted(net, ratio)
        if net not in money.AMOUNTS:
            raise _out_of_range("net_amount")
        if base_net not in money.AMOUNTS:
            raise _out_of_range("base_net_amount")
        return cls(tuple(lines), net, base_net)


def _with_base_shares(lines: Iterable[Line], ratio: Fraction) -> list[Line]:
    """Gives each line what the running sum of its product grows by in the base currency.

    So the shares of a product in one order add up to its sum, converted and rounded once.
    """
    running: dict[str, tuple[int, int]] = {}
    shared = []
    for line in lines:
        sum_before, base_before = running.get(line.product, (0, 0))
        sum_after = sum_before + line.amount
        base_after = _converted(sum_after, ratio)
        running[line.product] = sum_after, base_after
        share = base_after - base_before
        if share not in money.AMOUNTS:
            raise _out_of_range("base_net_amount")
        shared.append(Line(*line[:-1], share))
    return shared


@lru_cache(maxsize=_TERMS_KEPT)
def _base_ratio(terms: Terms) -> Fraction:
    """Minor units of the base currency for one minor unit of the order's."""
    decimals = money.exponent(terms.base_currency_code) - money.exponent(terms.currency_code)
    return Fraction(terms.exchange_rate) * Fraction(10) ** decimals


def _converted(amount: int, ratio: Fraction) -> int:
    return money.half_even(amount * ratio.numerator, ratio.denominator)


def _out_of_range(field: str) -> DomainError:
    return invalid(
        field, "AMOUNT_OUT_OF_RANGE", f"an amount is at most {money.AMOUNTS[-1]:,} minor units"
    )
