"""What holds for whatever is written of a resource, whichever it is.

The methods are those of the contracts, asked as tests/support/worlds says.
"""

from __future__ import annotations

import pytest
from google.api.field_behavior_pb2 import FieldBehavior
from google.protobuf.descriptor import FieldDescriptor
from guanxi.options.v1 import options_pb2

from services.chassis.descriptors import load_catalogue
from tests.support.changes import changes_of
from tests.support.databases import Databases
from tests.support.given_once import changed_though_given_once, given_once
from tests.support.givers import Given, given_away, givers
from tests.support.of_deleted import (
    lists_of_customers,
    written_for_customers,
    wrong_of_deleted,
)
from tests.support.old_etags import guarded, taken_under_old_etags
from tests.support.otherwise import behaves, changed_by, resource_field
from tests.support.taken_ids import naming, wrong_of_taken_ids
from tests.support.worlds import WORLDS

ONLY_TAKEN = {
    "CreateRule": "rules are written by hand and no import is run again: its id is taken, no more"
}
NOT_WHOSE = {
    "guanxi.customer.v1.Touchpoint.actor": "who was in touch; it is seen as its customer is",
    "guanxi.sales.v1.User.team": "where they work; who sees the whole company alone says so",
    "guanxi.sales.v1.User.manager": "whom they report to; it shows nobody anything",
    "guanxi.sales.v1.Team.parent": "where the team stands; who sees the whole company says so",
    "guanxi.insight.v1.Rule.assignee": "whose its alerts are: insight/test_insight_alert_sight.py",
}


# Set by the server, and no method's to change.
NO_STATE = {
    "guanxi.customer.v1.CustomField.index_time": "when its index was made, which takes its time",
    "guanxi.insight.v1.Rule.built_in": "whether a new database began with it",
}


@pytest.mark.parametrize("service", [each for each in WORLDS if given_once(each)])
async def test_an_update_refuses_by_its_name_what_is_given_once(
    service: str, databases: Databases
) -> None:
    async with WORLDS[service](databases) as world:
        assert await changed_though_given_once(world) == {}


def test_something_is_given_once() -> None:
    fields = {
        each.full_name for one in WORLDS for found in given_once(one).values() for each in found
    }
    assert fields > {"guanxi.insight.v1.Rule.kind", "guanxi.sales.v1.User.active"}


def test_what_an_update_leaves_alone_though_it_is_a_state_names_the_methods_that_change_it() -> (
    None
):
    """`{"active": false}` was answered with 200, and changed nothing."""
    missing, unnamed = [], []
    for asked in (each for service in WORLDS for each in changes_of(service)):
        holder = resource_field(asked.request)
        resource = holder.message_type if holder is not None else None
        if resource is None or "update_mask" not in asked.request.fields_by_name:
            continue
        beside = {
            each.name
            for each in load_catalogue().methods.values()
            if each.service == asked.method.service
        }
        for field in resource.fields:
            missing += [each for each in changed_by(field) if each not in beside]
            if is_state(field) and not changed_by(field):
                unnamed.append(field.full_name)
    assert (missing, unnamed) == ([], list(NO_STATE))


def test_how_a_person_is_called_or_reached_is_marked_personal() -> None:
    """An event showed the e-mail address of every user to every reader."""
    holders = [
        holder.message_type
        for service in WORLDS
        for asked in changes_of(service)
        if (holder := resource_field(asked.request)) is not None
    ]
    fields = {each.full_name: each for one in holders if one is not None for each in one.fields}
    reached = {name for name in fields if name.endswith(("email", "emails", "phone", "phones"))}
    called = {"guanxi.customer.v1.Customer.display_name", "guanxi.sales.v1.User.display_name"}
    assert "guanxi.sales.v1.User.email" in reached
    assert [
        name
        for name in sorted(reached | called)
        if not fields[name].GetOptions().Extensions[options_pb2.personal]
    ] == []


@pytest.mark.parametrize("service", WORLDS)
async def test_a_taken_id_says_whether_what_has_it_is_the_same(
    service: str, databases: Databases
) -> None:
    async with WORLDS[service](databases) as world:
        assert await wrong_of_taken_ids(world, ONLY_TAKEN) == {}


def test_something_is_named_by_its_caller() -> None:
    methods = {each.name for service in WORLDS for each in naming(service)}
    assert methods > {"CreateOrder", "BatchCreateOrders", "LogTouchpoint", *ONLY_TAKEN}


@pytest.mark.parametrize("service", [each for each in WORLDS if givers(each, NOT_WHOSE)])
async def test_nobody_gives_away_more_than_they_have(service: str, databases: Databases) -> None:
    async with WORLDS[service](databases) as world:
        assert await given_away(world, NOT_WHOSE) == {}


def test_something_is_given_to_people_and_teams() -> None:
    found = {name: each for one in WORLDS for name, each in givers(one, NOT_WHOSE).items()}
    assert found.keys() > {"CreateCustomer", "UpdateCustomer", "BatchCreateOrders"}
    assert found["CreateOrder"] == Given(people=("seller",), teams=("team",))


@pytest.mark.parametrize("service", ["customer", "sales"])
async def test_of_a_deleted_customer_nothing_is_new_and_lists_show_what_they_say(
    service: str, databases: Databases
) -> None:
    async with WORLDS[service](databases) as world:
        assert await wrong_of_deleted(world) == {}


def test_something_is_written_for_customers_and_listed() -> None:
    services = ("customer", "sales")
    written = {each.name for service in services for each in written_for_customers(service)}
    assert written >= {"LogTouchpoint", "BatchLogTouchpoints", "CreateOrder", "BatchCreateOrders"}
    listed = {each.name for service in services for each in lists_of_customers(service)}
    assert listed >= {"ListTouchpoints", "ListOrders"}


@pytest.mark.parametrize("service", WORLDS)
async def test_nothing_is_changed_under_an_etag_of_another_time(
    service: str, databases: Databases
) -> None:
    async with WORLDS[service](databases) as world:
        assert await taken_under_old_etags(world) == {}


def test_something_is_guarded_by_an_etag() -> None:
    methods = {each.name for service in WORLDS for each in guarded(service)}
    assert methods > {"CancelOrder", "UpdateProduct", "DeleteRule", "CloseAlert"}


def is_state(field: FieldDescriptor) -> bool:
    """Whether it is the server's, and says how the resource stands: not when its record came or
    last changed, and not what is counted."""
    if not behaves(field, FieldBehavior.OUTPUT_ONLY) or field.name in (
        "create_time",
        "update_time",
    ):
        return False
    is_flag = field.cpp_type == FieldDescriptor.CPPTYPE_BOOL
    return is_flag or field.enum_type is not None or field.name.endswith("_time")
