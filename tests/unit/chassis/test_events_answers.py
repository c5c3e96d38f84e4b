"""Which answers of a feed are applied, how far, and which are refused as leading nowhere."""

from __future__ import annotations

import pytest
from guanxi.events.v1.event_feed_pb2 import Event, PullResponse

from services.chassis.background import PeerFailed
from services.chassis.events.answers import readable


def answer(*positions: int, through: int, head: int = 9, withheld: int = 0) -> PullResponse:
    """An answer with these events; the one at `withheld` is of a type `new`, and withheld."""
    events = [
        Event(position=each, type="new" if each == withheld else "a", withheld=each == withheld)
        for each in positions
    ]
    return PullResponse(events=events, through_position=through, head_position=head)


def positions(response: PullResponse, *, after: int, types: set[str] | None = None) -> list[int]:
    events, through = readable(response, after=after, types=types)
    return [*(event.position for event in events), through]


@pytest.mark.parametrize(
    ("response", "after", "read"),
    [
        (answer(through=4), 4, [4]),
        (answer(through=7), 4, [7]),
        (answer(through=9), 9, [9]),
        (answer(5, through=5), 4, [5, 5]),
        (answer(5, 8, through=8), 4, [5, 8, 8]),
        (answer(5, 8, through=9), 4, [5, 8, 9]),
        (answer(5, 8, through=9), 0, [5, 8, 9]),
    ],
)
def test_an_answer_that_leads_on_is_read_as_far_as_it_goes(
    response: PullResponse, after: int, read: list[int]
) -> None:
    assert positions(response, after=after) == read


@pytest.mark.parametrize(
    ("response", "after"),
    [
        pytest.param(answer(through=3), 4, id="it ends before what was read"),
        pytest.param(answer(4, 5, through=5), 4, id="an event that was read"),
        pytest.param(answer(3, 5, through=5), 4, id="an event before what was read"),
        pytest.param(answer(8, 5, through=9), 4, id="the wrong way round"),
        pytest.param(answer(5, 8, through=7), 4, id="an event beyond its end"),
    ],
)
def test_an_answer_to_another_question_is_refused(response: PullResponse, after: int) -> None:
    with pytest.raises(PeerFailed, match=f"after {after}, the feed answers with others"):
        readable(response, after=after, types=None)


def test_a_feed_that_ends_before_what_was_read_of_it_is_refused_and_says_both() -> None:
    with pytest.raises(PeerFailed, match=r"9 events were read, and the feed has 8: .*renew-epoch"):
        readable(answer(through=9, head=8), after=9, types=None)


@pytest.mark.parametrize("types", [{"a"}, set()])
def test_what_is_withheld_is_passed_by_a_reader_that_does_not_know_its_type(
    types: set[str],
) -> None:
    assert positions(answer(5, 6, through=7, withheld=5), after=4, types=types) == [5, 6, 7]


def test_a_reader_of_all_types_reads_up_to_what_is_withheld() -> None:
    assert positions(answer(5, 6, through=7, withheld=6), after=4) == [5, 5]


def test_a_reader_that_knows_the_type_reads_up_to_it() -> None:
    response = answer(5, 7, 8, through=9, withheld=8)
    assert positions(response, after=4, types={"new"}) == [5, 7, 7]


def test_a_reader_that_knows_the_type_and_meets_it_first_has_to_ask_again() -> None:
    response = answer(5, 6, through=6, withheld=5)
    with pytest.raises(PeerFailed, match=r"event 5 is withheld: .* the type new, a newer one"):
        readable(response, after=4, types={"new"})
