"""How often a transaction is run again that meets others, and what its caller is told then."""

from __future__ import annotations

import pytest

from services.chassis.errors import DomainError, Kind
from services.chassis.store import retry
from services.chassis.store.retry import Conflict, ConflictOnce, retry_conflicts


class Meeting:
    """Work that meets others so many times before it is done."""

    def __init__(self, times: int, conflict: type[Conflict] = Conflict) -> None:
        self.times = times
        self.conflict = conflict
        self.tries = 0

    async def __call__(self) -> str:
        self.tries += 1
        if self.tries <= self.times:
            raise self.conflict from LookupError("the row of another")
        return "done"


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retry, "_FIRST_PAUSE_SECONDS", 0.0)


async def test_what_meets_others_nineteen_times_is_done_by_the_twentieth() -> None:
    assert await retry_conflicts(Meeting(19)) == "done"


async def test_what_meets_others_twenty_times_is_given_up() -> None:
    work = Meeting(20)
    with pytest.raises(DomainError) as refused:
        await retry_conflicts(work)
    assert (refused.value.kind, refused.value.reason) == (Kind.ABORTED, "WRITE_CONFLICT")
    assert work.tries == 20


async def test_what_one_more_try_resolves_gets_four_and_then_its_cause_is_told() -> None:
    assert await retry_conflicts(Meeting(4, ConflictOnce)) == "done"
    work = Meeting(5, ConflictOnce)
    with pytest.raises(LookupError, match="the row of another"):
        await retry_conflicts(work)
    assert work.tries == 5
