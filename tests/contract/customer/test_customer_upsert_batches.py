"""BatchUpsertCustomers: each item finds what those before it made, and stands or falls alone."""

from __future__ import annotations

from collections.abc import Mapping

from google.rpc.status_pb2 import Status
from guanxi.customer.v1.customers_pb2 import (
    EMAIL,
    EXTERNAL_ID,
    GetCustomerRequest,
    ListCustomersRequest,
)
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.chassis.errors import DomainError
from services.chassis.status import from_status
from tests.support.contact_points import emails
from tests.support.office import Desk, Office
from tests.support.upserts import CREATED, UNCHANGED, UPDATED, batch, everybody, item


def reasons(failed: Mapping[int, Status]) -> dict[int, str]:
    return {index: from_status(status).reason for index, status in failed.items()}


async def test_of_a_batch_each_item_finds_what_those_before_it_made(desk: Desk) -> None:
    await desk.create("bob", "Bob", external_ids={"shop": "B"})
    told = await batch(
        desk,
        item(id="ann", display_name="Ann", external_ids={"shop": "A"}),
        item(external_ids={"shop": "A"}, emails=emails("ann@example.org")),
        item(EMAIL, emails=emails("ann@example.org"), region="South"),
        item(external_ids={"shop": "B"}, region="North"),
        item(external_ids={"shop": "B"}, region="North"),
        item(display_name="", external_ids={"shop": "D"}),
        item(id="ann", display_name="Other", external_ids={"shop": "C"}),
    )
    assert [(each.customer.name, each.outcome) for each in told.responses] == [
        ("customers/ann", CREATED),
        ("customers/ann", UPDATED),
        ("customers/ann", UPDATED),
        ("customers/bob", UPDATED),
        ("customers/bob", UNCHANGED),
    ]
    assert reasons(told.failed_requests) == {5: "DISPLAY_NAME_MISSING", 6: "ALREADY_EXISTS"}
    ann = await desk.customers.GetCustomer(GetCustomerRequest(name="customers/ann"))
    assert ann == told.responses[2].customer
    assert (ann.region, ann.emails[0].address) == ("South", "ann@example.org")


async def test_a_checked_batch_changes_nothing(desk: Desk) -> None:
    before = await desk.create("bob", "Bob", external_ids={"shop": "B"})
    told = await batch(
        desk,
        item(id="ann", display_name="Ann", external_ids={"shop": "A"}),
        item(external_ids={"shop": "B"}, region="North"),
        validate_only=True,
    )
    assert [each.outcome for each in told.responses] == [CREATED, UPDATED]
    assert await everybody(desk) == [before]


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    told=st.lists(
        st.tuples(st.integers(0, 3), st.sampled_from("ab"), st.sampled_from(["", "x", "y"])),
        min_size=1,
        max_size=8,
    )
)
async def test_one_by_one_or_in_a_batch_the_same_comes_of_it(
    office: Office, told: list[tuple[int, str, str]]
) -> None:
    """Each tells of a customer by an id of one system, and at times an address they share."""
    desk = await office.desk()
    left = []
    for way in ("one", "batch"):
        run = f"{office.service.clock.now():%f}-{way}"
        office.service.clock.move(microseconds=1)
        items = [
            item(
                EXTERNAL_ID,
                EMAIL,
                display_name="Ann",
                external_ids={f"{system}-{run}": str(number)},
                emails=emails(f"{mail}@{run}.example") if mail else (),
                labels={"run": run},
            )
            for number, system, mail in told
        ]
        if way == "batch":
            await batch(desk, *items)
        else:
            for each in items:
                try:
                    await desk.customers.UpsertCustomer(each)
                except DomainError:
                    continue
        request = ListCustomersRequest(filter=f'labels.run = "{run}"')
        found = (await desk.customers.ListCustomers(request)).customers
        left.append(
            sorted(
                (
                    sorted((key[0], value) for key, value in each.external_ids.items()),
                    sorted(email.address[0] for email in each.emails),
                )
                for each in found
            )
        )
    assert left[0] == left[1]
