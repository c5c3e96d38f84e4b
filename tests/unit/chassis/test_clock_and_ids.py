"""Business days, identifiers and callers: what every process takes as given."""

import asyncio
from datetime import UTC, date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from services.chassis.caller import Caller, Scope, acting_as, current_caller
from services.chassis.clock import BusinessCalendar, SystemClock
from services.chassis.ids import Uuid7Ids
from tests.support.notes import StoppedClock

LATE_EVENING = datetime(2011, 12, 9, 22, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("zone", "expected"),
    [
        ("UTC", date(2011, 12, 9)),
        ("Asia/Shanghai", date(2011, 12, 10)),
        ("America/New_York", date(2011, 12, 9)),
    ],
)
def test_the_business_day_is_the_one_in_the_business_zone(zone: str, expected: date) -> None:
    calendar = BusinessCalendar(StoppedClock(LATE_EVENING), ZoneInfo(zone))
    assert calendar.today() == expected
    assert calendar.day_of(LATE_EVENING) == expected


def test_a_business_date_that_was_set_is_today_and_leaves_other_days_alone() -> None:
    calendar = BusinessCalendar(StoppedClock(), ZoneInfo("UTC"), date(2011, 12, 10))
    assert calendar.today() == date(2011, 12, 10)
    assert calendar.day_of(LATE_EVENING) == date(2011, 12, 9)


def test_a_moment_without_a_zone_has_no_business_day() -> None:
    calendar = BusinessCalendar(SystemClock(), ZoneInfo("UTC"))
    with pytest.raises(ValueError, match="without a time zone"):
        calendar.day_of(LATE_EVENING.replace(tzinfo=None))


def test_the_clock_tells_utc() -> None:
    assert SystemClock().now().tzinfo is UTC


def test_ids_are_version_7_and_grow_even_within_a_millisecond_or_when_the_clock_steps_back() -> (
    None
):
    times = iter([*[1_000] * 10_000, *[900] * 10, 2_000])
    ids = Uuid7Ids(lambda: next(times))
    given = [ids.new() for _ in range(10_011)]
    assert given == sorted(set(given))
    assert {UUID(each).version for each in given} == {7}
    assert {UUID(each).variant for each in given} == {"specified in RFC 4122"}
    assert UUID(given[-1]).int >> 80 == 2_000


async def test_a_caller_is_the_tasks_own() -> None:
    ann, bob = Caller("users/ann", scope=Scope.OWN), Caller("users/bob", scope=Scope.TEAM)
    met = asyncio.Barrier(2)

    async def act(caller: Caller) -> Caller:
        with acting_as(caller):
            await met.wait()
            return current_caller()

    assert list(await asyncio.gather(act(ann), act(bob))) == [ann, bob]
    with pytest.raises(LookupError, match=r"Caller\.system"):
        current_caller()


def test_the_system_sees_every_row_under_a_name_of_its_own() -> None:
    caller = Caller.system("sweep", "request-1")
    assert (caller.subject, caller.scope, caller.request_id) == (
        "system/sweep",
        Scope.ALL,
        "request-1",
    )
