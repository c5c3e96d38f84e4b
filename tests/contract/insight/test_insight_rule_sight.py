"""A rule sees the customers that its author sees, and tells of nobody else."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from google.protobuf.field_mask_pb2 import FieldMask
from guanxi.insight.v1 import rules_pb2

from services.chassis.errors import DomainError, Kind
from tests.support.insight import TODAY, Desk, Insight, confirmed, customer_event

YESTERDAY = TODAY - timedelta(days=1)
Rule = rules_pb2.Rule
MINE = "rules/mine"


@pytest.fixture
async def manager(insight: Insight) -> Desk:
    """Of team north; ada is a customer of north, bob of south."""
    await insight.knows(
        customer_event("ada", owner="users/ann", team="teams/north"),
        customer_event("bob", owner="users/eve", team="teams/south"),
        confirmed("o1", "ada", YESTERDAY, 70),
        confirmed("o2", "bob", YESTERDAY, 12_345.67),
    )
    return await insight.desk("users/max", role="manager")


async def create(desk: Desk, **fields: Any) -> Rule:
    chosen = {
        "kind": Rule.ALERT,
        "filter": "orders_total >= 1",
        "enabled": True,
        "severity": rules_pb2.NOTICE,
        "text_en": "{spend_total}",
        **fields,
    }
    await desk.rules.CreateRule(rules_pb2.CreateRuleRequest(rule=Rule(**chosen), rule_id="mine"))
    await desk.rules_followed()
    return await get(desk)


async def change(desk: Desk, name: str, **fields: Any) -> Rule:
    mask = FieldMask(paths=list(fields))
    request = rules_pb2.UpdateRuleRequest(rule=Rule(name=name, **fields), update_mask=mask)
    changed = await desk.rules.UpdateRule(request)
    await desk.rules_followed()
    return changed


async def get(desk: Desk, name: str = MINE) -> Rule:
    return await desk.rules.GetRule(rules_pb2.GetRuleRequest(name=name))


async def alerted(desk: Desk) -> set[str]:
    return {alert.customer for alert in await desk.open_alerts(f'rule = "{MINE}"')}


async def test_a_managers_rule_finds_the_customers_of_their_teams_alone(
    manager: Desk, desk: Desk
) -> None:
    rule = await create(manager, assignee="users/max")
    assert rule.sight.reach == Rule.Sight.TEAM
    assert (rule.sight.author, list(rule.sight.teams)) == ("users/max", ["teams/north"])
    assert rule.match_count == 1
    assert await alerted(manager) == await alerted(desk) == {"customers/ada"}


async def test_no_threshold_tells_what_a_stranger_has_spent(manager: Desk, desk: Desk) -> None:
    await create(manager, kind=Rule.TAG, filter="spend_total >= 12345.67", tag="rich")
    assert (await get(manager)).match_count == (await get(desk)).match_count == 0
    assert list((await desk.facts_of("bob")).tags) == []
    preview = rules_pb2.PreviewRuleRequest(filter="spend_total >= 12345.67")
    reply = await manager.rules.PreviewRule(preview)
    assert (reply.match_count, list(reply.examples)) == (0, [])


async def test_counts_of_a_company_rule_are_among_the_customers_in_sight(
    manager: Desk, desk: Desk
) -> None:
    rule = await create(desk)
    assert (rule.sight.reach, rule.match_count) == (Rule.Sight.COMPANY, 2)
    assert (await get(manager)).match_count == 1
    listed = await manager.rules.ListRules(rules_pb2.ListRulesRequest(filter=f'name = "{MINE}"'))
    assert [each.match_count for each in listed.rules] == [1]
    await change(desk, MINE, enabled=False)
    await desk.rules.DeleteRule(rules_pb2.DeleteRuleRequest(name=MINE))
    await desk.rules_followed()
    await create(desk, kind=Rule.TAG, tag="buyer")
    assert ((await get(desk)).match_count, (await get(manager)).match_count) == (2, 1)


async def test_a_rule_that_sees_more_is_neither_changed_nor_deleted(
    insight: Insight, manager: Desk, desk: Desk
) -> None:
    south = await insight.desk("users/sue", role="manager", team="teams/south")
    await create(manager)
    refusals = []
    for caller, name in ((manager, "rules/vip"), (south, MINE)):
        for call in (
            change(caller, name, assignee="users/max"),
            caller.rules.DeleteRule(rules_pb2.DeleteRuleRequest(name=name)),
        ):
            with pytest.raises(DomainError) as refused:
                await call
            refusals.append((refused.value.kind, refused.value.reason))
    assert set(refusals) == {(Kind.PERMISSION_DENIED, "RULE_SEES_MORE")}
    assert (await get(desk, "rules/vip")).enabled


@pytest.mark.parametrize("team", ["", "teams/south"])
async def test_a_colleagues_rule_shows_nobody_her_own_customers_of_no_team_or_another(
    insight: Insight, manager: Desk, desk: Desk, team: str
) -> None:
    await insight.knows(
        customer_event("secret", owner="users/amy", team=team),
        confirmed("o3", "secret", YESTERDAY, 12_345.67),
    )
    await create(await insight.desk("users/amy", role="manager"), filter="orders_total >= 100")
    for call in (
        change(manager, MINE, filter="orders_total >= 1", assignee="users/max"),
        manager.rules.DeleteRule(rules_pb2.DeleteRuleRequest(name=MINE)),
    ):
        with pytest.raises(DomainError) as refused:
            await call
        assert (refused.value.kind, refused.value.reason) == (
            Kind.PERMISSION_DENIED,
            "RULE_SEES_MORE",
        )
    await desk.rules_followed()
    assert await alerted(manager) == set()


async def test_who_sees_more_changes_a_rule_and_does_not_widen_it(
    manager: Desk, desk: Desk
) -> None:
    await create(manager, assignee="users/max")
    changed = await change(desk, MINE, display_name="Named")
    assert changed.sight.author == "users/max"
    assert await alerted(desk) == {"customers/ada"}


async def test_an_alert_ends_when_its_customer_leaves_the_sight_of_its_rule(
    insight: Insight, manager: Desk, desk: Desk
) -> None:
    await create(manager, assignee="users/max")
    await insight.knows(customer_event("ada", owner="users/eve", team="teams/south"))
    assert await alerted(desk) == set()


async def test_an_author_who_has_changed_teams_reads_nothing_of_the_old_one_by_their_rule(
    insight: Insight, manager: Desk, desk: Desk
) -> None:
    await create(manager, assignee="users/max")
    assert await alerted(manager) == {"customers/ada"}
    moved = await insight.desk("users/max", role="manager", team="teams/west")
    await insight.knows(
        customer_event("cy", owner="users/ann", team="teams/north"), confirmed("o3", "cy", TODAY)
    )
    assert await alerted(desk) == {"customers/ada", "customers/cy"}
    assert await alerted(moved) == set()
    assert (await get(moved)).match_count == 0


@pytest.mark.parametrize("way", ["changed", "disabled", "deleted"])
async def test_an_author_who_sees_less_by_now_can_end_their_rule(
    insight: Insight, manager: Desk, desk: Desk, way: str
) -> None:
    await create(manager)
    moved = await insight.desk("users/max", role="manager", team="teams/west")
    match way:
        case "changed":
            rule = await change(moved, MINE, display_name="Mine")
            assert list(rule.sight.teams) == ["teams/west"]
        case "disabled":
            assert not (await change(moved, MINE, enabled=False)).enabled
        case _:
            await moved.rules.DeleteRule(rules_pb2.DeleteRuleRequest(name=MINE))
    await desk.rules_followed()
    assert await alerted(desk) == set()


async def test_the_rules_of_somebody_can_be_listed(manager: Desk, desk: Desk) -> None:
    await create(manager)
    request = rules_pb2.ListRulesRequest(filter='sight.author = "users/max" AND enabled = true')
    assert [each.name for each in (await desk.rules.ListRules(request)).rules] == [MINE]
