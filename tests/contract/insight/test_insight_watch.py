"""Watching alerts: what is told, to whom, and where a watch goes on after a break."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from google.protobuf.field_mask_pb2 import FieldMask
from guanxi.insight.v1 import alerts_pb2, rules_pb2

from services.chassis.errors import DomainError, Kind
from services.insight.engine.stored_runs import StoredRuns
from tests.support.in_turn import in_turn
from tests.support.insight import TODAY, Desk, Insight, confirmed, customer_event, until
from tests.support.watched_alerts import begun, told, watching

Watched = alerts_pb2.WatchAlertsResponse


async def late_buyer(insight: Insight, customer: str, **fields: Any) -> None:
    """Ordered every 20 days, and has not for 70."""
    await insight.knows(
        customer_event(customer, **fields),
        *(
            confirmed(f"{customer}{k}", customer, TODAY - timedelta(days=70 + 20 * k))
            for k in range(5)
        ),
    )


async def told_of_ada(insight: Insight, desk: Desk) -> str:
    """The resume token after something was told."""
    async with watching(desk) as replies:
        await late_buyer(insight, "ada")
        (first,) = await told(replies, 1)
    return first.resume_token


def position(resume_token: str) -> int:
    return int(resume_token.rpartition(".")[2])


async def test_a_watch_tells_what_is_opened_updated_and_resolved(
    insight: Insight, desk: Desk
) -> None:
    async with watching(desk) as replies:
        await late_buyer(insight, "ada")
        (opened,) = await told(replies, 1)
        await insight.knows(confirmed("old", "ada", TODAY - timedelta(days=400)))
        (updated,) = await told(replies, 1)
        await insight.knows(confirmed("back", "ada", TODAY))
        (resolved,) = await told(replies, 1)
    assert [opened.change, updated.change, resolved.change] == [
        Watched.OPENED,
        Watched.UPDATED,
        Watched.RESOLVED,
    ]
    assert opened.alert.rule == "rules/lateness"
    assert resolved.alert.state == alerts_pb2.Alert.RESOLVED
    assert {opened.alert.name, updated.alert.name, resolved.alert.name} == {opened.alert.name}


async def test_a_watch_tells_what_nothing_but_time_has_opened_and_resolved(
    insight: Insight, desk: Desk
) -> None:
    async with watching(desk) as replies:
        await insight.knows(
            customer_event("ada"),
            *(confirmed(f"o{k}", "ada", TODAY - timedelta(days=15 + 20 * k)) for k in range(5)),
        )
        (due,) = await told(replies, 1)
        assert (due.alert.rule, due.change) == ("rules/repurchase-due", Watched.OPENED)
        insight.clock.move(days=40)
        after = {each.alert.rule: each.change for each in await told(replies, 2)}
    assert after == {
        "rules/repurchase-due": Watched.RESOLVED,
        "rules/lateness": Watched.OPENED,
    }


async def test_a_watch_tells_what_a_changed_rule_says_anew(insight: Insight, desk: Desk) -> None:
    rule = rules_pb2.Rule(
        kind=rules_pb2.Rule.ALERT,
        filter="orders_total >= 1",
        enabled=True,
        severity=rules_pb2.NOTICE,
        text_en="{orders_total} orders",
    )
    async with watching(desk) as replies:
        await insight.knows(customer_event("ada"), confirmed("o", "ada", TODAY))
        await desk.rules.CreateRule(rules_pb2.CreateRuleRequest(rule_id="mine", rule=rule))
        (opened,) = await told(replies, 1)
        rule.name, rule.text_en = "rules/mine", "bought {orders_total} times"
        change = rules_pb2.UpdateRuleRequest(rule=rule, update_mask=FieldMask(paths=["text_en"]))
        await desk.rules.UpdateRule(change)
        (updated,) = await told(replies, 1)
    assert (opened.change, opened.alert.text_en) == (Watched.OPENED, "1 orders")
    assert (updated.change, updated.alert.text_en) == (Watched.UPDATED, "bought 1 times")


async def test_a_watch_tells_what_a_changed_rule_says_where_somebody_was_on_it_before(
    insight: Insight, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The alert is newer than its rule then, and the day's run comes before the rule's."""

    async def never(_: StoredRuns) -> bool:
        return False

    rule = rules_pb2.Rule(
        kind=rules_pb2.Rule.ALERT,
        filter="orders_total >= 1",
        enabled=True,
        severity=rules_pb2.NOTICE,
        text_en="{orders_total} orders",
    )
    await desk.rules.CreateRule(rules_pb2.CreateRuleRequest(rule_id="mine", rule=rule))
    await desk.rules_followed()
    monkeypatch.setattr(StoredRuns, "_is_any_due", never)
    async with watching(desk) as replies:
        await insight.knows(customer_event("ada"), confirmed("o", "ada", TODAY))
        (opened,) = await told(replies, 1)
        rule.name, rule.text_en = "rules/mine", "bought {orders_total} times"
        change = rules_pb2.UpdateRuleRequest(rule=rule, update_mask=FieldMask(paths=["text_en"]))
        await desk.rules.UpdateRule(change)
        insight.clock.move(minutes=1)
        await desk.alerts.AcknowledgeAlert(
            alerts_pb2.AcknowledgeAlertRequest(name=opened.alert.name)
        )
        (acknowledged,) = await told(replies, 1)
        insight.clock.move(days=1)
        (updated,) = await told(replies, 1)
    assert (acknowledged.change, acknowledged.alert.text_en) == (Watched.UPDATED, "1 orders")
    assert (updated.change, updated.alert.text_en) == (Watched.UPDATED, "bought 1 times")
    assert updated.alert.state == alerts_pb2.Alert.ACKNOWLEDGED


async def test_a_watch_is_silent_of_what_time_alone_has_put_otherwise(
    insight: Insight, desk: Desk
) -> None:
    """Also where the text names a fact that the filter doesn't."""
    rule = rules_pb2.Rule(
        kind=rules_pb2.Rule.ALERT,
        filter="orders_total >= 1",
        enabled=True,
        severity=rules_pb2.NOTICE,
        text_en="{days_since_order} days",
    )
    await desk.rules.CreateRule(rules_pb2.CreateRuleRequest(rule_id="mine", rule=rule))
    insight.clock.move(minutes=1)
    async with watching(desk) as replies:
        await insight.knows(customer_event("ada"), confirmed("o", "ada", TODAY))
        (opened,) = await told(replies, 1)
        insight.clock.move(days=1)

        async def is_written() -> bool:
            alert = await desk.alerts.GetAlert(alerts_pb2.GetAlertRequest(name=opened.alert.name))
            return alert.text_en == "1 days"

        await until(is_written)
        await insight.knows(customer_event("bob"), confirmed("p", "bob", TODAY))
        (after,) = await told(replies, 1)
    assert (after.alert.customer, after.change) == ("customers/bob", Watched.OPENED)


async def test_a_watch_goes_on_after_its_resume_token(insight: Insight, desk: Desk) -> None:
    async with watching(desk) as replies:
        await late_buyer(insight, "ada")
        (first,) = await told(replies, 1)
    await late_buyer(insight, "bob")
    async with watching(desk, resume_token=first.resume_token) as replies:
        (second,) = await told(replies, 1)
    assert second.alert.customer == "customers/bob"


async def test_a_watch_that_broke_before_anything_happened_loses_nothing(
    insight: Insight, desk: Desk
) -> None:
    rep = await insight.desk("users/eve", role="rep", team="teams/south")
    async with begun(desk) as (beginning, _), begun(rep) as (reps_beginning, _):
        pass
    await late_buyer(insight, "ada")
    await late_buyer(insight, "bob", owner="users/eve", team="teams/south")
    async with watching(desk, resume_token=beginning) as replies:
        everything = await told(replies, 2)
    async with watching(rep, resume_token=reps_beginning) as replies:
        (only,) = await told(replies, 1)
    assert [each.alert.customer for each in everything] == ["customers/ada", "customers/bob"]
    assert only.alert.customer == "customers/bob"


async def test_a_watch_that_is_resumed_begins_where_it_was(desk: Desk) -> None:
    async with begun(desk) as (beginning, _):
        pass
    async with begun(desk, resume_token=beginning) as (again, _):
        assert again == beginning


async def test_a_watch_tells_of_alerts_in_sight_only(insight: Insight) -> None:
    rep = await insight.desk("users/eve", role="rep", team="teams/south")
    async with watching(rep) as replies:
        await late_buyer(insight, "ada")
        await late_buyer(insight, "bob", owner="users/eve", team="teams/south")
        (only,) = await told(replies, 1)
    assert only.alert.customer == "customers/bob"


async def test_a_watch_can_be_limited_to_ones_own_alerts(insight: Insight) -> None:
    eve = await insight.desk("users/eve")
    async with watching(eve, assigned_to_me=True) as replies:
        await late_buyer(insight, "ada")
        await late_buyer(insight, "bob", owner="users/eve")
        (only,) = await told(replies, 1)
    assert only.alert.assignee == "users/eve"


async def test_every_resume_token_is_followed_by_exactly_what_came_after_it(
    insight: Insight, desk: Desk
) -> None:
    async with begun(desk) as (beginning, replies):
        for customer in ("ada", "bob", "cyd"):
            await late_buyer(insight, customer)
        everything = await told(replies, 3)
    tokens = [beginning, *(each.resume_token for each in everything)]
    assert len(set(tokens)) == 4
    for number, token in enumerate(tokens):
        async with begun(desk, resume_token=token) as (again, replies):
            assert again == token
            assert await told(replies, 3 - number) == everything[number:]


async def test_a_watch_resumed_in_a_log_that_was_replaced_begins_with_what_is_new(
    insight: Insight, desk: Desk
) -> None:
    before = await told_of_ada(insight, desk)
    async with begun(desk, resume_token="of-another-log.0") as (beginning, replies):
        assert position(beginning) >= position(before)
        await late_buyer(insight, "bob")
        (only,) = await told(replies, 1)
    assert only.alert.customer == "customers/bob"


async def test_a_watch_resumed_beyond_the_end_begins_with_what_is_new(
    insight: Insight, desk: Desk
) -> None:
    epoch, _, _ = (await told_of_ada(insight, desk)).rpartition(".")
    async with begun(desk, resume_token=f"{epoch}.9{'0' * 40}") as (beginning, replies):
        assert position(beginning) < 10**6
        await late_buyer(insight, "bob")
        (only,) = await told(replies, 1)
    assert only.alert.customer == "customers/bob"


@in_turn("change", ["never given", "{epoch}", "{epoch}.", "{epoch}.-1", ".{end}",
                                    "{epoch}.{end}x", "{epoch}. {end}", "{epoch}.²"])  # fmt: skip
async def test_what_is_no_resume_token_is_refused(desk: Desk, change: str) -> None:
    async with begun(desk) as (beginning, _):
        epoch, _, end = beginning.rpartition(".")
    with pytest.raises(DomainError) as refused:
        async with watching(desk, resume_token=change.format(epoch=epoch, end=end)) as replies:
            await told(replies, 1)
    assert (refused.value.kind, refused.value.reason) == (
        Kind.INVALID_ARGUMENT,
        "RESUME_TOKEN_INVALID",
    )
    assert [each.field for each in refused.value.violations] == ["resume_token"]
