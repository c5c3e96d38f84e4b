"""Resource names are built and taken apart by their template."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.chassis.errors import DomainError
from services.chassis.names import CURRENCY, ID_PATTERN, Template, WordOr, check_id

CUSTOMERS = Template("customers/{customer}")
TOUCHPOINTS = Template("customers/{customer}/touchpoints/{touchpoint}")
IDS = st.from_regex(ID_PATTERN, fullmatch=True)


@given(IDS, IDS)
def test_a_name_gives_back_the_ids_it_was_made_of(customer: str, touchpoint: str) -> None:
    name = TOUCHPOINTS.format(customer=customer, touchpoint=touchpoint)
    assert name == f"customers/{customer}/touchpoints/{touchpoint}"
    assert TOUCHPOINTS.parse(name) == {"customer": customer, "touchpoint": touchpoint}
    assert TOUCHPOINTS.id(name) == touchpoint
    assert not CUSTOMERS.matches(name)


@pytest.mark.parametrize(
    "name",
    ["", "customers", "customers/", "orders/1", "customers/1/", "customers/1\n", "customers/A",
     "customers/-", "customers/a-", "customers/" + "a" * 64, "customers/a/b", "xcustomers/1"],
)  # fmt: skip
def test_a_name_of_another_form_is_refused(name: str) -> None:
    assert not CUSTOMERS.matches(name)
    with pytest.raises(DomainError, match=r"is no name like customers/\{customer\}") as refused:
        CUSTOMERS.parse(name, field="parent")
    assert refused.value.reason == "NAME_INVALID"
    assert refused.value.violations[0].field == "parent"


@pytest.mark.parametrize("value", ["", "-a", "a-", "A", "a_b", "ä", "a" * 64, "a/b"])
def test_a_bad_id_is_refused(value: str) -> None:
    with pytest.raises(DomainError) as refused:
        CUSTOMERS.format(customer=value)
    assert refused.value.reason == "ID_INVALID"


def test_the_longest_id_has_63_characters() -> None:
    assert check_id("a" * 63, field="customer_id") == "a" * 63


TOUCHPOINTS = Template("customers/{customer}/touchpoints/{touchpoint}")


@pytest.mark.parametrize("name", ["customers/a-1/touchpoints/x", "customers/" + "a" * 63])
def test_every_beginning_of_a_name_begins_one(name: str) -> None:
    for length in range(len(name) + 1):
        assert TOUCHPOINTS.begins(name[:length])


@pytest.mark.parametrize(
    "prefix", ["x", "customer/", "customers/-", "customers/A", "customers/a/x", "customers/a//",
               "customers/" + "a" * 64]
)  # fmt: skip
def test_what_begins_no_name_is_known(prefix: str) -> None:
    assert not TOUCHPOINTS.begins(prefix)


def test_a_word_may_stand_for_a_name() -> None:
    form = WordOr("owner", Template("users/{user}"))
    assert all(map(form.matches, ("owner", "users/ann")))
    assert not any(map(form.matches, ("own", "ann", "teams/north")))
    assert all(map(form.begins, ("", "own", "users/a")))
    assert not any(map(form.begins, ("ownership", "teams/")))


def test_a_currency_is_three_capitals() -> None:
    assert CURRENCY.matches("EUR")
    assert not any(map(CURRENCY.matches, ("eur", "EURO", "EU", "E1R", "ÄÖÜ")))
    assert CURRENCY.begins("EU")
    assert not any(map(CURRENCY.begins, ("e", "EURO", "1")))
