"""What errors of PostgreSQL mean: conflicts, a server that is away, a schema of another version."""

from __future__ import annotations

from typing import Any

import asyncpg
import pytest
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from services.chassis.errors import DomainError, Kind
from services.chassis.store.postgres_errors import (
    busy,
    connecting,
    is_duplicate,
    is_lost,
    schema_differs,
    translated,
)
from services.chassis.store.retry import Conflict, ConflictOnce


class Told(Exception):
    """An error of the driver."""

    def __init__(self, state: str | None, text: str = "as the server says") -> None:
        super().__init__(text)
        self.sqlstate = state


def wrapped(state: str | None, *, lost: bool = False) -> DBAPIError:
    return DBAPIError("select 1", None, Told(state), connection_invalidated=lost)


def meaning(error: Exception, *, uncommitted: bool = False) -> Exception:
    with pytest.raises(Exception) as told, translated(uncommitted=uncommitted):  # noqa: PT011 - which one is what is looked at
        raise error
    return told.value


@pytest.mark.parametrize("state", ["40001", "40P01"])
def test_what_met_another_writer_may_be_run_again(state: str) -> None:
    found = meaning(wrapped(state))
    assert isinstance(found, Conflict)
    assert not isinstance(found, ConflictOnce)


@pytest.mark.parametrize(
    ("state", "lost", "reason"),
    [
        ("25006", False, "STORE_READ_ONLY"),
        ("25006", True, "STORE_READ_ONLY"),
        ("08006", True, "STORE_UNAVAILABLE"),
        (None, True, "STORE_UNAVAILABLE"),
        ("53300", False, "STORE_UNAVAILABLE"),
        ("57P03", False, "STORE_UNAVAILABLE"),
    ],
)
def test_a_server_that_is_away_is_unavailable_with_when_to_come_back(
    state: str | None, lost: bool, reason: str
) -> None:
    found = meaning(wrapped(state, lost=lost))
    assert isinstance(found, DomainError)
    assert (found.kind, found.reason) == (Kind.UNAVAILABLE, reason)
    assert found.retry_after_seconds == 1


@pytest.mark.parametrize("state", ["23505", "23502", "42P01", "22003", "57014", None])
def test_a_fault_of_the_statement_or_its_rows_stays_what_it_is(state: str | None) -> None:
    error = wrapped(state)
    assert meaning(error) is error
    assert meaning(error, uncommitted=True) is error


def test_a_connection_that_is_lost_before_anything_is_committed_is_tried_over_another_one() -> None:
    assert isinstance(meaning(wrapped("08006", lost=True), uncommitted=True), ConflictOnce)
    assert isinstance(meaning(wrapped("25006", lost=True), uncommitted=True), DomainError)
    assert isinstance(meaning(wrapped("53300"), uncommitted=True), DomainError)
    assert not isinstance(meaning(wrapped("40001"), uncommitted=True), ConflictOnce)


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (PoolTimeout("no connection"), "STORE_BUSY"),
        (asyncpg.TooManyConnectionsError("too many"), "STORE_UNAVAILABLE"),
        (asyncpg.CannotConnectNowError("starting up"), "STORE_UNAVAILABLE"),
        (asyncpg.InvalidPasswordError("changed"), "STORE_UNAVAILABLE"),
        (wrapped("28P01"), "STORE_UNAVAILABLE"),
        (wrapped("3D000"), "STORE_UNAVAILABLE"),
        (wrapped("55000"), "STORE_UNAVAILABLE"),
        (ConnectionRefusedError("refused"), "STORE_UNAVAILABLE"),
    ],
)
def test_where_there_is_no_connection_to_be_had_it_is_unavailable(
    error: Exception, reason: str
) -> None:
    with pytest.raises(DomainError) as told, connecting():
        raise error
    found = told.value
    assert (found.kind, found.reason, found.retry_after_seconds) == (Kind.UNAVAILABLE, reason, 1)


def test_busy_connections_are_told_as_that() -> None:
    assert (busy().kind, busy().reason) == (Kind.UNAVAILABLE, "STORE_BUSY")


@pytest.mark.parametrize(
    ("state", "duplicate", "other_schema", "lost"),
    [
        ("23505", True, False, False),
        ("42P01", False, True, False),
        ("42703", False, True, False),
        ("42804", False, True, False),
        ("0A000", False, True, False),
        ("25006", False, False, True),
        ("57P01", False, False, True),
        ("57014", False, False, False),
        ("23502", False, False, False),
        (None, False, False, False),
    ],
)
def test_each_state_says_what_became_of_row_schema_and_connection(
    state: str | None, duplicate: bool, other_schema: bool, lost: bool
) -> None:
    error = wrapped(state)
    assert is_duplicate(error) is duplicate
    assert schema_differs(error) is other_schema
    assert is_lost(error.orig) is lost


def test_an_error_that_is_none_of_the_servers_has_lost_nothing() -> None:
    assert not is_lost(None)
    assert not is_lost(ValueError("of our own"))


def test_values_are_taken_out_of_what_is_told_and_what_was_wrong_stays() -> None:
    told = Told("23502", "null value in column owner\nDETAIL:  Failing row contains (Ann, +49 1).")
    vars(told)["detail"] = "Failing row contains (Ann, +49 1)."
    cause = ValueError("query argument $2: 'Ann' (expected int)", 5)
    told.__cause__ = cause
    error: Any = DBAPIError("insert", None, told)
    error.__cause__ = told
    meaning(error)
    assert told.args == ("null value in column owner",)
    assert not hasattr(told, "detail")
    assert cause.args == ("query argument $2", 5)
