"""Who finds whom: a customer out of sight is found by nothing, and shows in no number."""

from __future__ import annotations

import pytest
from guanxi.customer.v1.customers_pb2 import Customer, UpdateCustomerRequest

from services.customer.customers.store import collaborators
from services.customer.search.actions import searching
from tests.support.contact_points import emails, phones
from tests.support.office import Desk, Office
from tests.support.searches import create_all, found_by
from tests.support.worlds.collaborating import let_in

TYPED = ["nordlicht", "ordl", "0018", "buying@nord", "c-1042", "theirs", "customers/theirs"]


@pytest.fixture(params=["looked through", "by the index"])
async def theirs(
    request: pytest.FixtureRequest, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> Desk:
    """A customer of dan's, of the team south, found in both ways there are."""
    if request.param == "by the index":
        monkeypatch.setattr(searching, "_FEW", 0)
    await desk.create(
        "theirs",
        "Nordlicht",
        owner="users/dan",
        team="teams/south",
        phones=phones("+44 20 7946 0018"),
        emails=emails("buying@nordlicht.example"),
        external_ids={"shop": "C-1042"},
    )
    return desk


@pytest.mark.parametrize(
    ("subject", "role", "team", "sees"),
    [
        ("users/dan", "rep", "teams/south", True),
        ("users/sam", "rep", "teams/south", False),
        ("users/tess", "manager", "teams/south", True),
        ("users/otto", "manager", "teams/west", False),
        ("users/mia", "marketer", "teams/west", True),
        ("users/rita", "rep", "teams/west", True),
    ],
)
async def test_who_sees_a_customer_finds_them_and_nobody_else(
    office: Office, theirs: Desk, subject: str, role: str, team: str, sees: bool
) -> None:
    await let_in(office.service, collaborators, ["theirs"])
    colleague = await office.desk(subject, role=role, team=team)
    for typed in TYPED:
        assert await found_by(colleague, typed) == (["theirs"] if sees else [])


async def test_who_is_out_of_sight_takes_nobody_s_place(office: Office, theirs: Desk) -> None:
    await create_all(theirs, {f"n-{n}": "Nordlicht" for n in range(30)}, owner="users/dan")
    await theirs.create("own", "Berg am Nordlicht", owner="users/kim")
    kim = await office.desk("users/kim", role="rep", team="teams/north")
    assert await found_by(kim, "nordlicht", 5) == ["own"]


async def test_who_is_handed_on_is_found_by_the_new_owner(office: Office, theirs: Desk) -> None:
    dan = await office.desk("users/dan", role="rep", team="teams/south")
    kim = await office.desk("users/kim", role="rep", team="teams/north")
    assert await found_by(dan, "nordl") == ["theirs"]
    await theirs.customers.UpdateCustomer(
        UpdateCustomerRequest(
            customer=Customer(name="customers/theirs", owner="users/kim", team="teams/north")
        )
    )
    assert await found_by(dan, "nordl") == []
    assert await found_by(kim, "nordl") == ["theirs"]
