"""What the lines of an order are worth, in exact integers."""

from decimal import ROUND_HALF_EVEN, Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.chassis.errors import DomainError
from services.sales.orders.model.amounts import Line, Sums, Terms, agree, price_line

POUNDS = agree("GBP", "GBP", "")
IN_DOLLARS = agree("GBP", "USD", "1.2734")


def lines(*amounts: tuple[str, int], terms: Terms = POUNDS) -> list[Line]:
    """Lines of one piece each: product and price in whole pounds."""
    return [price_line(product, "", 1, units, 0, terms.price_scale) for product, units in amounts]


def reason(error: pytest.ExceptionInfo[DomainError]) -> tuple[str, str]:
    return error.value.reason, error.value.violations[0].field


@pytest.mark.parametrize(
    ("quantity", "units", "nanos", "pence"),
    [
        (6, 2, 550_000_000, 1_530),
        (-6, 2, 550_000_000, -1_530),
        (1, 0, 1_000_000, 0),  # a tenth of a penny
        (1, 0, 5_000_000, 0),  # half a penny goes to the even side
        (3, 0, 5_000_000, 2),
        (-3, 0, 5_000_000, -2),
        (1, 0, 15_000_000, 2),  # a penny and a half: whole pennies count for what is even
        (3, 1, 15_000_000, 304),
        (-1, 0, 25_000_000, -2),
        (1, -11_062, -60_000_000, -1_106_206),
        (1, 0, 0, 0),
    ],
)
def test_a_line_is_worth_quantity_times_price_rounded_half_to_even(
    quantity: int, units: int, nanos: int, pence: int
) -> None:
    assert price_line("", "", quantity, units, nanos, POUNDS.price_scale).amount == pence


def test_a_price_with_nine_decimals_is_exact_before_it_is_rounded() -> None:
    line = price_line("", "", 1_000_000_000, 0, 1, POUNDS.price_scale)
    assert line.amount == 100


@pytest.mark.parametrize(
    ("currency", "amount"), [("JPY", 12), ("KWD", 12_346), ("CLF", 123_457), ("USD", 1_235)]
)
def test_amounts_have_the_decimals_of_their_currency(currency: str, amount: int) -> None:
    terms = agree(currency, currency, "")
    assert price_line("", "", 1, 12, 345_678_901, terms.price_scale).amount == amount


@pytest.mark.parametrize(("units", "nanos"), [(1, -1), (-1, 1), (0, 10**9), (0, -(10**9))])
def test_a_price_whose_parts_disagree_is_refused(units: int, nanos: int) -> None:
    with pytest.raises(DomainError) as error:
        price_line("", "", 1, units, nanos, POUNDS.price_scale)
    assert reason(error) == ("AMOUNT_INVALID", "unit_price")


def test_an_amount_beyond_the_bound_is_refused() -> None:
    with pytest.raises(DomainError) as error:
        price_line("", "", 10**9, 10**9, 0, POUNDS.price_scale)
    assert reason(error) == ("AMOUNT_OUT_OF_RANGE", "amount")


def test_a_sum_beyond_the_bound_is_refused() -> None:
    largest = price_line("", "", 1, 8 * 10**12, 0, POUNDS.price_scale)
    with pytest.raises(DomainError) as error:
        Sums.of([largest, largest], POUNDS)
    assert reason(error) == ("AMOUNT_OUT_OF_RANGE", "net_amount")


def test_a_base_sum_beyond_the_bound_is_refused() -> None:
    terms = agree("GBP", "USD", "1000")
    [line] = lines(("", 10**12), terms=terms)
    with pytest.raises(DomainError) as error:
        Sums.of([line], terms)
    assert reason(error) == ("AMOUNT_OUT_OF_RANGE", "base_net_amount")


def test_in_the_base_currency_both_sums_are_the_same() -> None:
    sums = Sums.of(lines(("products/a", 3), ("products/b", -1)), POUNDS)
    assert (sums.net_amount, sums.base_net_amount) == (200, 200)
    assert [line.base_amount for line in sums.lines] == [300, -100]


def test_the_base_sum_is_the_net_amount_at_the_rate_of_the_order() -> None:
    sums = Sums.of(lines(("products/a", 3), ("products/b", -1), terms=IN_DOLLARS), IN_DOLLARS)
    assert sums.base_net_amount == 255  # 2.00 × 1.2734 = 2.5468


def test_currencies_without_minor_units_are_converted_by_their_own_decimals() -> None:
    terms = agree("JPY", "KWD", "0.00204")
    [line] = [price_line("", "", 1, 1_000, 0, terms.price_scale)]
    assert Sums.of([line], terms).base_net_amount == 2_040


@given(
    amounts=st.lists(
        st.tuples(st.sampled_from(["products/a", "products/b", ""]), st.integers(-(10**6), 10**6)),
        min_size=1,
        max_size=30,
    ),
    rate=st.decimals("0.000001", "999", places=6).map(str),
)
def test_the_shares_of_a_product_add_up_to_its_sum_converted_once(
    amounts: list[tuple[str, int]], rate: str
) -> None:
    terms = agree("GBP", "JPY", rate)
    priced = [price_line(product, "", 1, units, 0, terms.price_scale) for product, units in amounts]
    sums = Sums.of(priced, terms)
    for product in {line.product for line in priced}:
        pounds = sum(units for each, units in amounts if each == product)
        expected = (pounds * Decimal(rate)).quantize(Decimal(1), ROUND_HALF_EVEN)
        shares = [line.base_amount for line in sums.lines if line.product == product]
        assert sum(shares) == int(expected)


@given(
    quantity=st.integers(-(10**7), 10**7),
    units=st.integers(0, 10**5),
    # Half pennies as well, which chance would never hit.
    nanos=st.one_of(st.integers(0, 10**9 - 1), st.integers(0, 199).map(lambda n: n * 5_000_000)),
)
def test_amounts_agree_with_fractions(quantity: int, units: int, nanos: int) -> None:
    line = price_line("", "", quantity, units, nanos, POUNDS.price_scale)
    assert line.amount == round(quantity * Fraction(units * 10**9 + nanos, 10**7))


@pytest.mark.parametrize(
    ("currency", "rate", "expected"),
    [
        ("XYZ", "", ("CURRENCY_UNKNOWN", "currency_code")),
        ("XAU", "1", ("CURRENCY_UNKNOWN", "currency_code")),
        ("GBP", "", ("EXCHANGE_RATE_REQUIRED", "exchange_rate")),
        ("USD", "1.1", ("EXCHANGE_RATE_NOT_ONE", "exchange_rate")),
        ("GBP", "0.000", ("EXCHANGE_RATE_NOT_POSITIVE", "exchange_rate")),
    ],
)
def test_terms_that_make_no_sense_are_refused(
    currency: str, rate: str, expected: tuple[str, str]
) -> None:
    with pytest.raises(DomainError) as error:
        agree(currency, "USD", rate)
    assert reason(error) == expected


@pytest.mark.parametrize("rate", ["", "1", "1.000"])
def test_in_the_base_currency_the_rate_may_be_left_out_or_one(rate: str) -> None:
    assert agree("USD", "USD", rate).in_base_currency
