"""Creation: each of many stands or falls alone, and a name is given once."""

from __future__ import annotations

import pytest

from services.chassis.creation import New, given_names
from services.chassis.errors import DomainError, Kind, invalid
from services.chassis.outcomes import Outcomes, create_each

Known = dict[str, bytes | None]


def made(new: New[str]) -> str:
    if new.draft == "bad":
        raise invalid("text", "BAD", "is bad")
    return f"{new.name} {new.draft}"


async def create(known: Known, *new: New[str]) -> Outcomes[str]:
    return await create_each(dict(enumerate(new)), made, known=known, field="note")


async def test_what_is_wrong_with_one_keeps_the_others_from_nothing() -> None:
    outcomes = await create({}, New("notes/1", "a"), New("notes/2", "bad"), New("notes/3", "c"))
    assert outcomes.created == ["notes/1 a", "notes/3 c"]
    (refused,) = outcomes.refused.items()
    assert (refused[0], refused[1].violations[0].field) == (1, "note.text")


@pytest.mark.parametrize(
    ("stored", "unchanged"), [(b"x", "true"), (b"y", "false"), (b"", "false"), (None, None)]
)
async def test_a_taken_name_tells_only_those_who_see_it_whether_the_content_is_the_same(
    stored: bytes | None, unchanged: str | None
) -> None:
    error = (await create({"notes/1": stored}, New("notes/1", "a", b"x"))).refused[0]
    assert (error.kind, error.reason) == (Kind.ALREADY_EXISTS, "ALREADY_EXISTS")
    assert error.metadata.get("unchanged") == unchanged


async def test_a_name_given_twice_in_one_batch_is_taken_the_second_time() -> None:
    twice = New("notes/1", "a", b"x")
    outcomes = await create({}, twice, twice)
    assert (outcomes.created, list(outcomes.refused)) == (["notes/1 a"], [1])
    assert outcomes.refused[1].metadata["unchanged"] == "true"


async def test_what_stands_further_up_can_be_referred_to_and_what_was_refused_can_not() -> None:
    known: Known = {}
    seen: list[set[str]] = []

    def make(new: New[str]) -> str:
        seen.append(set(known))
        return made(new)

    new = [New("notes/1", "bad"), New("notes/2", "b"), New("notes/3", "c")]
    await create_each(dict(enumerate(new)), make, known=known, field="note")
    assert seen == [set(), set(), {"notes/2"}]


def test_only_names_that_callers_chose_need_to_be_looked_up() -> None:
    assert given_names([New("notes/1", "a", b"x"), New("notes/2", "b")]) == {"notes/1"}


async def test_the_outcome_of_one_is_what_was_made_or_an_error() -> None:
    assert (await create({}, New("notes/1", "a"))).only() == "notes/1 a"
    refused = await create({}, New("notes/1", "bad"))
    with pytest.raises(DomainError, match="is bad"):
        refused.only()
