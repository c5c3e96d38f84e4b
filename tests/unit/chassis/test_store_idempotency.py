"""Request ids on both engines: one answer for one request, however often and at once it comes."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import insert

from services.chassis.caller import acting_as
from services.chassis.errors import DomainError, Kind, not_found
from services.chassis.store import Store, WriteTransaction
from tests.support.notes import (
    ANN,
    SYSTEM,
    AddNote,
    Note,
    StoppedClock,
    chassis,
    count,
    emit,
    note_names,
    notes,
    opened,
)


@pytest.fixture
def clock() -> StoppedClock:
    return StoppedClock()


@pytest.fixture
async def store(database_url: str, clock: StoppedClock) -> AsyncIterator[Store]:
    async with opened(database_url, clock=clock) as store:
        yield store


def request(request_id: str = "", **fields: str) -> Any:
    return AddNote(request_id=request_id, **fields)


async def add(store: Store, message: Any, caller: Any = SYSTEM, pause: float = 0) -> Any:
    """Adds a note of a new name, as a servicer would."""

    async def work(tx: WriteTransaction) -> Any:
        name = f"notes/{uuid4()}"
        await tx.run(insert(notes).values(name=name, owner="a", text=message.text))
        emit(tx, name)
        await asyncio.sleep(pause)
        return Note(name=name, text=message.text)

    return await store.answer(message, Note, work, caller=caller)


async def test_a_repeat_gets_the_first_answer_and_changes_nothing(store: Store) -> None:
    first = await add(store, request("id-1", text="hello"))
    assert await add(store, request("id-1", text="hello")) == first
    assert await note_names(store) == [first.name]
    assert await count(store, chassis.event_log) == 1


async def test_without_a_request_id_every_request_is_new(store: Store) -> None:
    assert await add(store, request(text="hello")) != await add(store, request(text="hello"))
    assert await count(store, chassis.idempotency_keys) == 0


async def test_the_same_id_with_another_body_is_refused(store: Store) -> None:
    await add(store, request("id-1", text="hello"))
    with pytest.raises(DomainError) as refused:
        await add(store, request("id-1", text="goodbye"))
    assert refused.value.kind is Kind.INVALID_ARGUMENT
    assert refused.value.reason == "REQUEST_ID_REUSED"
    assert refused.value.violations[0].field == "request_id"
    assert await count(store, notes) == 1


async def test_a_repeat_asks_nobody(store: Store, clock: StoppedClock) -> None:
    asked: list[Any] = []

    async def answer(message: Any) -> Any:
        async def ask() -> str:
            asked.append(message)
            return str(message.text)

        async def work(tx: WriteTransaction, said: str) -> Any:
            return Note(name=f"notes/{uuid4()}", text=said)

        with acting_as(SYSTEM):
            return await store.answer_asking(message, Note, ask, work)

    message = request("id-1", text="hello")
    first = await answer(message)
    assert (first.text, await answer(message), asked) == ("hello", first, [message])
    with pytest.raises(DomainError) as refused:
        await answer(request("id-1", text="goodbye"))
    assert (refused.value.reason, asked) == ("REQUEST_ID_REUSED", [message])
    for _ in range(2):
        await answer(request(text="hello"))
    assert len(asked) == 3, "without a request id every request is new"
    clock.advance(timedelta(hours=24))
    assert await answer(message) != first
    assert len(asked) == 4


async def test_the_same_id_of_another_caller_is_another_request(store: Store) -> None:
    first = await add(store, request("id-1", text="hello"))
    other = replace(SYSTEM, subject="users/bob")
    assert await add(store, request("id-1", text="hello"), other) != first


async def test_repeats_at_the_same_time_get_one_answer(store: Store) -> None:
    answers = await asyncio.gather(
        *(add(store, request("id-1", text="hello"), pause=0.05) for _ in range(4))
    )
    assert len({answer.name for answer in answers}) == 1
    assert await count(store, notes) == 1


async def test_a_request_that_failed_may_be_sent_again(store: Store) -> None:
    async def fail(_tx: WriteTransaction) -> Any:
        raise not_found("notes/9")

    with pytest.raises(DomainError):
        await store.answer(request("id-1"), Note, fail, caller=SYSTEM)
    assert await count(store, chassis.idempotency_keys) == 0
    assert (await add(store, request("id-1"))).name


async def test_after_a_day_the_id_is_free_again(store: Store, clock: StoppedClock) -> None:
    first = await add(store, request("id-1", text="hello"))
    clock.advance(timedelta(hours=23, minutes=59))
    assert await add(store, request("id-1", text="hello")) == first
    clock.advance(timedelta(minutes=1))
    assert await add(store, request("id-1", text="goodbye")) != first


async def test_the_purge_removes_what_has_expired_and_nothing_else(
    store: Store, clock: StoppedClock
) -> None:
    await add(store, request("id-1"))
    clock.advance(timedelta(hours=12))
    kept = await add(store, request("id-2"))
    clock.advance(timedelta(hours=12))
    assert await store.purge() == 1
    assert await add(store, request("id-2")) == kept


async def test_a_callers_scope_is_no_obstacle(store: Store) -> None:
    first = await add(store, request("id-1"), ANN)
    assert await add(store, request("id-1"), ANN) == first


@pytest.mark.parametrize("request_id", ["", "id-1"])
async def test_nothing_is_done_of_which_the_answer_is_too_long_to_be_sent(
    store: Store, request_id: str
) -> None:
    message = request(request_id, text="x" * (16 * 1024 * 1024))
    with pytest.raises(DomainError) as error:
        await add(store, message)
    assert (error.value.kind, error.value.reason) == (Kind.INVALID_ARGUMENT, "REPLY_TOO_LARGE")
    assert error.value.metadata == {"most": "16777216"}
    assert await note_names(store) == []
    assert await count(store, chassis.idempotency_keys) == 0
