"""The index that is made in the background: whoever is in it is found as before, and nothing rests
on it but speed."""

from __future__ import annotations

import asyncio

import pytest
from guanxi.customer.v1.customers_pb2 import Customer, DeleteCustomerRequest, UpdateCustomerRequest
from sqlalchemy import func, select, update

from services.chassis.caller import Caller
from services.chassis.store import Store, WriteTransaction
from services.customer.customers.store.search_texts import search_texts
from services.customer.search import store as index
from services.customer.search.actions import Indexing, indexing, searching
from tests.support.office import Desk, Office
from tests.support.searches import create_all, find, found_by, indexed, numbered

SYSTEM = Caller.system("tests")
NAMES = ["Nordlicht GmbH", "张伟明", "上海贸易有限公司", "Anna Smith", "Silberberg AG"]
TYPED = [
    "nordlicht",
    "ordli",
    "nor gmbh",
    "伟明",
    "公司",
    "zhangwei",
    "zwm",
    "smi an",
    "lber",
    "n-7",
]


@pytest.fixture
def few_texts_make_a_block(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(indexing, "_FEWEST", 8)
    monkeypatch.setattr(indexing, "_WHOLE", 40)


async def blocks(store: Store) -> dict[int, int]:
    async with store.read(caller=SYSTEM) as tx:
        return await index.sizes(tx)


async def left(store: Store) -> int:
    async with store.read(caller=SYSTEM) as tx:
        return len(await index.to_index(tx))


async def refused_step(store: Store) -> None:
    """A step of the index that fails; the service's own task may be at it at the moment."""
    for _ in range(1_000):
        try:
            assert not await Indexing(store).step()
        except ConnectionError:
            return
        await asyncio.sleep(0.005)
    pytest.fail("the step didn't fail")


async def settled(store: Store) -> None:
    """Whatever is enough for a block is in one."""
    while await Indexing(store).step() or await left(store) >= indexing._FEWEST:
        pass


async def test_whoever_is_in_the_index_is_found_as_before(office: Office, desk: Desk) -> None:
    await create_all(desk, numbered(600, NAMES))
    before = [sorted(await found_by(desk, typed, 50)) for typed in TYPED]
    await indexed(office.service.store)
    assert await blocks(office.service.store)
    after = [sorted(await found_by(desk, typed, 50)) for typed in TYPED]
    assert [len(each) for each in after] == [len(each) for each in before]
    assert after[-1] == before[-1] == ["n-7", *sorted(set(after[-1]) - {"n-7"})][: len(after[-1])]


@pytest.mark.usefixtures("few_texts_make_a_block")
async def test_small_blocks_are_put_together(office: Office, desk: Desk) -> None:
    store = office.service.store
    for first in range(0, 60, 10):
        await create_all(desk, {f"n-{first + n}": f"Nord {first + n}" for n in range(10)})
        await settled(store)
    sizes = await blocks(store)
    assert sum(size >= 40 for size in sizes.values()) >= 1
    assert len(sizes) <= 4
    for number in range(60):
        assert f"n-{number}" in await found_by(desk, f"nord {number}")


@pytest.mark.usefixtures("few_texts_make_a_block")
async def test_a_change_is_found_while_the_index_has_what_was(office: Office, desk: Desk) -> None:
    store = office.service.store
    await create_all(desk, numbered(40, NAMES))
    await settled(store)
    await desk.customers.UpdateCustomer(
        UpdateCustomerRequest(customer=Customer(name="customers/n-0", display_name="Südwind"))
    )
    await desk.customers.DeleteCustomer(DeleteCustomerRequest(name="customers/n-5"))
    assert await found_by(desk, "sudwi") == ["n-0"]
    assert {"n-0", "n-5"}.isdisjoint(await found_by(desk, "nordlicht", 50))
    assert len(await found_by(desk, "nordlicht", 50)) == 6


@pytest.mark.usefixtures("few_texts_make_a_block")
async def test_a_block_that_leads_to_few_is_given_up(office: Office, desk: Desk) -> None:
    store = office.service.store
    await create_all(desk, numbered(50, NAMES))
    await settled(store)
    first = max(await blocks(store))
    for round_ in range(4):
        for number in range(50):
            new = Customer(name=f"customers/n-{number}", display_name=f"Round {round_} No {number}")
            await desk.customers.UpdateCustomer(UpdateCustomerRequest(customer=new))
        await settled(store)
    sizes = await blocks(store)
    assert first not in sizes
    assert sum(sizes.values()) < 150
    assert "n-33" in await found_by(desk, "round 3 no 33")


@pytest.mark.usefixtures("few_texts_make_a_block")
async def test_texts_of_an_older_version_are_written_anew(office: Office, desk: Desk) -> None:
    store = office.service.store
    await create_all(desk, numbered(30, NAMES))
    await settled(store)

    async def forget(tx: WriteTransaction) -> None:
        await tx.run(update(search_texts).values(name="", text="", version=0))

    await store.write(forget, caller=SYSTEM)
    await settled(store)
    async with store.read(caller=SYSTEM) as tx:
        old = select(func.count()).select_from(search_texts).where(search_texts.c.version < 1)
        assert await tx.scalar(old) == 0
    assert len(await found_by(desk, "nordlicht", 50)) == 6


async def test_too_many_whom_the_caller_does_not_see_hide_nobody(
    office: Office, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(searching, "_FEW", 0)
    monkeypatch.setattr(searching, "_COMPARED", 10)
    monkeypatch.setattr(searching, "_MOST_UNSEEN", 100)
    await desk.create("mine", "Nordlicht GmbH", owner="users/dan")
    await create_all(desk, numbered(600, NAMES), owner="users/kim")
    await indexed(office.service.store)
    dan = await office.desk("users/dan", role="rep", team="teams/east")
    for typed in ("nordlicht", "gm", "ordlich", "mine"):
        assert await found_by(dan, typed) == ["mine"]
    assert await found_by(dan, "伟明") == []


async def test_of_many_the_better_matches_come_first(
    office: Office, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(searching, "_COMPARED", 20)
    await create_all(desk, {"exact": "Li", "begins": "Linde", "word": "Anna Li", "id": "Somebody"})
    await create_all(desk, numbered(600, ["Berlin", "Dublin"]))
    await indexed(office.service.store)
    assert (await found_by(desk, "li"))[:3] == ["exact", "begins", "word"]
    assert len(await find(desk, "li", 50)) == 50


async def test_a_step_that_is_killed_leaves_what_was(
    office: Office, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = office.service.store
    real = index.add_block

    async def killed(*arguments: object) -> None:
        await real(*arguments)  # type: ignore[arg-type] # as it was called
        raise ConnectionError("killed")

    monkeypatch.setattr(index, "add_block", killed)
    await create_all(desk, numbered(600, NAMES))
    for _ in range(3):
        await refused_step(store)
    assert await blocks(store) == {}
    assert await left(store) == 600
    monkeypatch.setattr(index, "add_block", real)
    await indexed(store)
    assert len(await blocks(store)) >= 1
    assert len(await found_by(desk, "smith", 50)) == 50
