"""Enums of ours and of the contract: name by name, or not at all."""

from __future__ import annotations

from enum import StrEnum

import pytest
from guanxi.sales.v1 import orders_pb2

from services.chassis.enums import ContractEnum

Theirs = orders_pb2.Order.State


class State(StrEnum):
    DRAFT = "DRAFT"
    CONFIRMED = "CONFIRMED"
    FULFILLED = "FULFILLED"
    CANCELLED = "CANCELLED"


class Forgetful(StrEnum):
    DRAFT = "DRAFT"


STATES = ContractEnum(State, Theirs)


@pytest.mark.parametrize("state", State)
def test_a_member_becomes_its_number_and_back(state: State) -> None:
    assert STATES.number(state) == Theirs.Value(state.name)
    assert STATES.member(STATES.number(state)) is STATES.stated(STATES.number(state)) is state


def test_what_is_not_stated_is_none() -> None:
    assert STATES.number(None) == Theirs.STATE_UNSPECIFIED
    assert STATES.member(Theirs.STATE_UNSPECIFIED) is None
    with pytest.raises(KeyError):
        STATES.stated(Theirs.STATE_UNSPECIFIED)


def test_an_enum_that_lacks_a_value_of_the_contract_is_refused() -> None:
    with pytest.raises(TypeError, match=r"Forgetful is not guanxi\.sales\.v1\.Order\.State"):
        ContractEnum(Forgetful, Theirs)
