"""The states of an order and what may follow what."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from services.chassis.creation import New
from services.chassis.errors import DomainError, Kind
from services.sales.orders.model import Draft, Order, State, Sums, agree, open_order

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)
TERMS = agree("USD", "USD", "")
DRAFT = Draft(
    customer="customers/12748",
    terms=TERMS,
    sums=Sums.pricing([("products/a", "Lantern", 2, 3, 0)], TERMS),
    reference="536365",
)


def opened(draft: Draft = DRAFT, state: State = State.DRAFT) -> Order:
    new = New("orders/536365", replace(draft, confirm=state is State.CONFIRMED))
    return open_order(new, seller="users/ann", team="teams/north", at=NOW, etag="first")


def test_a_new_order_is_placed_now_unless_it_says_when() -> None:
    last_year = NOW - timedelta(days=365)
    assert opened().order_time == NOW
    assert opened(replace(DRAFT, order_time=last_year)).order_time == last_year


def test_an_order_may_be_placed_up_to_a_day_ahead_and_no_further() -> None:
    tomorrow = NOW + timedelta(days=1)
    assert opened(replace(DRAFT, order_time=tomorrow)).order_time == tomorrow
    with pytest.raises(DomainError) as error:
        opened(replace(DRAFT, order_time=tomorrow + timedelta(seconds=1)))
    assert error.value.reason == "ORDER_TIME_IN_FUTURE"


def test_an_order_can_not_be_its_own_original() -> None:
    with pytest.raises(DomainError) as error:
        opened(replace(DRAFT, original_order="orders/536365"))
    assert error.value.reason == "ORIGINAL_ORDER_ITSELF"


def test_confirming_a_draft_changes_its_state_time_and_etag() -> None:
    confirmed = opened().confirm(at=LATER, etag="second")
    assert (confirmed.state, confirmed.update_time, confirmed.etag) == (
        State.CONFIRMED,
        LATER,
        "second",
    )


def test_an_order_without_lines_can_be_written_down_and_not_agreed_on() -> None:
    empty = opened(replace(DRAFT, sums=Sums.of([], TERMS)))
    with pytest.raises(DomainError) as error:
        empty.confirm(at=LATER, etag="second")
    assert (error.value.kind, error.value.reason) == (Kind.FAILED_PRECONDITION, "ORDER_EMPTY")


def test_nor_can_it_be_agreed_on_at_once() -> None:
    with pytest.raises(DomainError) as error:
        opened(replace(DRAFT, sums=Sums.of([], TERMS)), State.CONFIRMED)
    assert error.value.reason == "ORDER_EMPTY"


@pytest.mark.parametrize("state", [State.DRAFT, State.CONFIRMED])
def test_a_draft_and_a_confirmed_order_can_be_cancelled_with_a_reason(state: State) -> None:
    cancelled = opened(state=state).cancel("out of stock", at=LATER, etag="second")
    assert (cancelled.state, cancelled.cancel_reason) == (State.CANCELLED, "out of stock")


@pytest.mark.parametrize("state", [State.CONFIRMED, State.FULFILLED, State.CANCELLED])
def test_what_is_no_draft_can_not_be_confirmed(state: State) -> None:
    with pytest.raises(DomainError) as error:
        replace(opened(), state=state).confirm(at=LATER, etag="second")
    assert error.value.reason == "ORDER_STATE"
    assert error.value.metadata == {
        "resource": "orders/536365",
        "from": state.name,
        "to": "CONFIRMED",
    }


@pytest.mark.parametrize("state", [State.FULFILLED, State.CANCELLED])
def test_what_is_fulfilled_or_cancelled_can_not_be_cancelled(state: State) -> None:
    with pytest.raises(DomainError) as error:
        replace(opened(), state=state).cancel("", at=LATER, etag="second")
    assert error.value.reason == "ORDER_STATE"


@pytest.mark.parametrize("etag", ["", "*", "first", '"first"', 'W/"first"'])
def test_an_etag_that_is_empty_or_current_is_expected(etag: str) -> None:
    opened().expect(etag)


def test_another_etag_is_not() -> None:
    with pytest.raises(DomainError) as error:
        opened().expect("another")
    assert (error.value.kind, error.value.reason) == (Kind.ABORTED, "ETAG_MISMATCH")
