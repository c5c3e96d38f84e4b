"""Whom a rule gives its alerts to, once there is anybody in the directory of people."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from google.protobuf.field_mask_pb2 import FieldMask
from guanxi.insight.v1.rules_pb2 import (
    NOTICE,
    CreateRuleRequest,
    GetRuleRequest,
    Rule,
    UpdateRuleRequest,
)
from guanxi.insight.v1.rules_pb2_grpc import RuleServiceStub
from guanxi.sales.v1.people_pb2 import Reach

from services.chassis.errors import Kind
from tests.support.databases import Databases
from tests.support.directory import AWAY, OLDER, Directory
from tests.support.refusals import refusal
from tests.support.services import migrated_database, running_service

SILENT = Rule(
    display_name="Silent",
    kind=Rule.ALERT,
    filter="days_since_contact > 30",
    severity=NOTICE,
    text_en="Silent.",
    text_zh="沉默。",
)


@pytest.fixture
def directory() -> Directory:
    """Ann works here, Eve did."""
    known = Directory()
    known.reaches["users/ann"] = Reach(known=True, active=True, directory_in_use=True)
    known.reaches["users/eve"] = Reach(known=True, directory_in_use=True)
    known.reaches["users/zoe"] = Reach(directory_in_use=True)
    return known


@pytest.fixture
async def rules(databases: Databases, directory: Directory) -> AsyncIterator[RuleServiceStub]:
    url = await migrated_database(databases, "insight")
    async with running_service("insight", url, given={"people": directory}) as service:
        yield RuleServiceStub(await service.channel())


def giving_to(assignee: str, **more: Any) -> CreateRuleRequest:
    rule = Rule()
    rule.CopyFrom(SILENT)
    rule.assignee = assignee
    return CreateRuleRequest(rule=rule, rule_id="silent", **more)


async def changed(rules: RuleServiceStub, **fields: Any) -> Rule:
    rule = Rule(name="rules/silent", **fields)
    mask = FieldMask(paths=list(fields))
    return await rules.UpdateRule(UpdateRuleRequest(rule=rule, update_mask=mask))


@pytest.mark.parametrize(
    ("assignee", "reason"),
    [("users/zoe", "ASSIGNEE_UNKNOWN"), ("users/eve", "ASSIGNEE_INACTIVE")],
)
async def test_alerts_are_given_to_nobody_who_is_unknown_or_has_left(
    rules: RuleServiceStub, assignee: str, reason: str
) -> None:
    error = await refusal(rules.CreateRule(giving_to(assignee)))
    assert (error.kind, error.reason) == (Kind.INVALID_ARGUMENT, reason)
    assert [each.field for each in error.violations] == ["rule.assignee"]
    await rules.CreateRule(giving_to("owner"))
    assert (await refusal(changed(rules, assignee=assignee))).reason == reason
    assert (await changed(rules, assignee="users/ann")).assignee == "users/ann"


async def test_while_nobody_is_in_the_directory_every_name_goes(
    rules: RuleServiceStub, directory: Directory
) -> None:
    assert (await rules.CreateRule(giving_to("users/new"))).assignee == "users/new"
    directory.refusal = OLDER
    assert (await changed(rules, assignee="users/newer")).assignee == "users/newer"


async def test_only_a_person_who_is_named_anew_is_asked_for(
    rules: RuleServiceStub, directory: Directory
) -> None:
    await rules.CreateRule(giving_to("users/ann"))
    directory.refusal = AWAY
    assert (await changed(rules, display_name="Quiet")).assignee == "users/ann"
    assert (await changed(rules, assignee="owner")).assignee == "owner"
    assert directory.asked == ["users/ann"]
    error = await refusal(changed(rules, assignee="users/ann"))
    assert (error.kind, error.reason) == (Kind.UNAVAILABLE, "PEOPLE_UNAVAILABLE")
    assert (await rules.GetRule(GetRuleRequest(name="rules/silent"))).assignee == "owner"


async def test_a_repeat_asks_nobody(rules: RuleServiceStub, directory: Directory) -> None:
    created = await rules.CreateRule(giving_to("users/ann", request_id="once"))
    directory.refusal = AWAY
    again = await rules.CreateRule(giving_to("users/ann", request_id="once"))
    assert (again.name, again.etag) == (created.name, created.etag)
    assert directory.asked == ["users/ann"]
