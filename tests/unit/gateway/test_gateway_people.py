"""Who callers are to the directory, how long it is remembered, and what holds while it is away."""

from __future__ import annotations

import asyncio
import time

import pytest
from guanxi.sales.v1.people_pb2 import Reach

from gateway.signin.keys import ApiKey
from gateway.signin.people import People
from services.chassis.errors import Kind
from tests.support.directory import AWAY, OLDER, SILENT, Directory
from tests.support.refusals import refusal

ANN = "users/ann"
HERE = Reach(known=True, active=True, teams=["teams/north", "teams/berlin"])
GONE = Reach(known=True)
KEY = ApiKey("id", "", ANN, ("rep",), ("teams/old",), None, "")


class Seconds:
    at = 1_000.0

    def __call__(self) -> float:
        return self.at


@pytest.fixture
def directory() -> Directory:
    return Directory()


@pytest.fixture
def seconds() -> Seconds:
    return Seconds()


@pytest.fixture
def people(directory: Directory, seconds: Seconds) -> People:
    return People(directory, monotonic=seconds)


async def test_whom_the_directory_has_is_of_its_teams(people: People, directory: Directory) -> None:
    directory.reaches[ANN] = HERE
    await people.settle(ANN)
    assert people.teams_of(KEY) == ("teams/north", "teams/berlin")


async def test_whom_it_has_in_no_team_is_in_none(people: People, directory: Directory) -> None:
    directory.reaches[ANN] = Reach(known=True, active=True)
    await people.settle(ANN)
    assert people.teams_of(KEY) == ()


async def test_whom_it_does_not_have_is_of_the_teams_of_their_key(people: People) -> None:
    await people.settle(ANN)
    assert people.teams_of(KEY) == ("teams/old",)


async def test_who_has_left_does_not_come_in(people: People, directory: Directory) -> None:
    directory.reaches[ANN] = GONE
    for _ in range(2):
        error = await refusal(people.settle(ANN))
        assert (error.kind, error.reason) == (Kind.UNAUTHENTICATED, "USER_INACTIVE")
    assert directory.asked == [ANN]


async def test_it_is_asked_again_after_three_seconds(
    people: People, directory: Directory, seconds: Seconds
) -> None:
    await people.settle(ANN)
    directory.reaches[ANN] = HERE
    seconds.at += 2.9
    await people.settle(ANN)
    assert people.teams_of(KEY) == ("teams/old",)
    seconds.at += 0.1
    await people.settle(ANN)
    assert people.teams_of(KEY) == ("teams/north", "teams/berlin")
    assert len(directory.asked) == 2


async def test_calls_that_come_together_ask_once(people: People, directory: Directory) -> None:
    directory.reaches[ANN] = HERE
    await asyncio.gather(*(people.settle(ANN) for _ in range(10)))
    assert directory.asked == [ANN]


async def test_who_goes_away_does_not_take_the_answer_along(
    people: People, directory: Directory
) -> None:
    directory.reaches[ANN] = HERE
    first, second = (asyncio.create_task(people.settle(ANN)) for _ in range(2))
    await asyncio.sleep(0)
    first.cancel()
    await second
    assert people.teams_of(KEY) == ("teams/north", "teams/berlin")


async def test_while_it_is_away_what_it_said_last_goes_on(
    people: People, directory: Directory, seconds: Seconds
) -> None:
    directory.reaches |= {ANN: HERE, "users/bob": GONE}
    await people.settle(ANN)
    await refusal(people.settle("users/bob"))
    directory.refusal = AWAY
    seconds.at += 3_600
    await people.settle(ANN)
    await people.settle(ANN)
    assert people.teams_of(KEY) == ("teams/north", "teams/berlin")
    assert (await refusal(people.settle("users/bob"))).reason == "USER_INACTIVE"
    assert directory.asked == [ANN, "users/bob", ANN, "users/bob"]
    directory.refusal = None
    directory.reaches[ANN] = GONE
    seconds.at += 3
    assert (await refusal(people.settle(ANN))).reason == "USER_INACTIVE"


async def comes_in_at_once(people: People, subject: str) -> bool:
    """Whether a caller is let in before anything else has happened."""
    settling = asyncio.create_task(people.settle(subject))
    for _ in range(3):
        await asyncio.sleep(0)
    at_once = settling.done()
    settling.cancel()
    return at_once


async def waited(people: People) -> float:
    """For how long a caller was held up, in seconds."""
    began = time.monotonic()
    await people.settle(ANN)
    return time.monotonic() - began


async def test_whom_it_knows_a_silent_directory_does_not_hold_up_for_long(
    people: People, directory: Directory, seconds: Seconds
) -> None:
    """Every known caller waited one second in every three, for calls that don't need sales."""
    directory.reaches[ANN] = HERE
    await people.settle(ANN)
    directory.answering.clear()
    seconds.at += 3
    assert await waited(people) < 0.5
    assert people.teams_of(KEY) == ("teams/north", "teams/berlin")


async def test_nor_at_all_once_it_has_held_up_somebody(
    people: People, directory: Directory, seconds: Seconds
) -> None:
    directory.reaches |= {ANN: HERE, "users/bob": HERE}
    await people.settle(ANN)
    await people.settle("users/bob")
    directory.refusal = SILENT
    seconds.at += 3_600
    await people.settle(ANN)
    directory.answering.clear()
    for each in ("users/bob", ANN):
        seconds.at += 2.4
        assert await comes_in_at_once(people, each)
    seconds.at += 5
    assert not await comes_in_at_once(people, ANN)


async def test_of_a_silent_directory_one_question_is_open_for_each_caller(
    people: People, directory: Directory, seconds: Seconds
) -> None:
    directory.reaches[ANN] = HERE
    await people.settle(ANN)
    directory.answering.clear()
    seconds.at += 3
    await asyncio.gather(*(people.settle(ANN) for _ in range(10)))
    assert directory.asked == [ANN, ANN]


async def test_what_was_asked_behind_a_caller_is_known_to_the_next(
    people: People, directory: Directory, seconds: Seconds
) -> None:
    directory.reaches[ANN] = HERE
    await people.settle(ANN)
    directory.reaches[ANN] = GONE
    directory.answering.clear()
    seconds.at += 3
    await people.settle(ANN)
    directory.answering.set()
    await asyncio.sleep(0.01)
    assert (await refusal(people.settle(ANN))).reason == "USER_INACTIVE"
    assert directory.asked == [ANN, ANN]


async def test_a_slow_directory_is_waited_for_where_its_last_answer_is_old(
    people: People, directory: Directory, seconds: Seconds
) -> None:
    directory.reaches[ANN] = HERE
    await people.settle(ANN)
    directory.reaches[ANN] = GONE
    directory.answering.clear()
    asyncio.get_running_loop().call_later(0.3, directory.answering.set)
    seconds.at += 30
    assert (await refusal(people.settle(ANN))).reason == "USER_INACTIVE"


async def test_of_whom_it_has_never_spoken_nobody_is_let_in_while_it_is_away(
    people: People, directory: Directory
) -> None:
    directory.refusal = AWAY
    error = await refusal(people.settle(ANN))
    assert (error.kind, error.reason) == (Kind.UNAVAILABLE, "PEOPLE_UNAVAILABLE")
    assert error.retry_after_seconds == 1.0
    directory.refusal = None
    await people.settle(ANN)


async def test_sales_of_a_version_without_a_directory_has_nobody_in_it(
    people: People, directory: Directory
) -> None:
    """Services are rolled out and back in any order."""
    directory.refusal = OLDER
    await people.settle(ANN)
    assert people.teams_of(KEY) == ("teams/old",)


async def test_sales_that_is_rolled_back_makes_nobody_of_whom_it_knew(
    people: People, directory: Directory, seconds: Seconds
) -> None:
    directory.reaches[ANN] = GONE
    await refusal(people.settle(ANN))
    directory.refusal = OLDER
    seconds.at += 3
    assert (await refusal(people.settle(ANN))).reason == "USER_INACTIVE"


async def test_one_caller_more_than_are_remembered_takes_the_place_of_the_oldest(
    people: People, directory: Directory, seconds: Seconds, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.signin.people._CALLERS_KEPT", 2)
    directory.reaches[ANN] = HERE
    await people.settle("users/bob")
    await people.settle(ANN)
    seconds.at += 1
    await people.settle("users/eve")
    assert people.teams_of(KEY) == ("teams/north", "teams/berlin")
    await people.settle("users/bob")
    assert directory.asked == ["users/bob", ANN, "users/eve", "users/bob"]
