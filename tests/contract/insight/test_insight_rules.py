"""Rules: the defaults, what a change brings about, previews, and what is refused."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from google.protobuf.field_mask_pb2 import FieldMask
from guanxi.insight.v1 import alerts_pb2, rules_pb2

from services.chassis.errors import DomainError, Kind
from tests.support.in_turn import in_turn
from tests.support.insight import TODAY, Desk, Insight, confirmed, customer_event

YESTERDAY = TODAY - timedelta(days=1)
Rule = rules_pb2.Rule


def alert_rule(**fields: Any) -> Rule:
    chosen = {
        "kind": Rule.ALERT,
        "filter": "orders_total >= 1",
        "enabled": True,
        "severity": rules_pb2.NOTICE,
        "text_en": "{orders_total} orders",
        **fields,
    }
    return Rule(**chosen)


def tag_rule(**fields: Any) -> Rule:
    chosen = {
        "kind": Rule.TAG,
        "filter": "orders_total >= 1",
        "enabled": True,
        "tag": "buyer",
        "tag_dimension": "BEHAVIOR",
        **fields,
    }
    return Rule(**chosen)


async def create(desk: Desk, rule: Rule, rule_id: str = "mine", request_id: str = "") -> Rule:
    created = await desk.rules.CreateRule(
        rules_pb2.CreateRuleRequest(rule=rule, rule_id=rule_id, request_id=request_id)
    )
    await desk.rules_followed()
    return created


async def update(desk: Desk, *paths: str, etag: str = "", **fields: Any) -> Rule:
    rule = Rule(name=fields.pop("name", "rules/mine"), etag=etag, **fields)
    updated = await desk.rules.UpdateRule(
        rules_pb2.UpdateRuleRequest(rule=rule, update_mask=FieldMask(paths=paths))
    )
    await desk.rules_followed()
    return updated


async def get(desk: Desk, name: str = "rules/mine") -> Rule:
    return await desk.rules.GetRule(rules_pb2.GetRuleRequest(name=name))


async def one_buyer(insight: Insight) -> None:
    await insight.knows(
        customer_event("ada"), confirmed("o1", "ada", YESTERDAY), customer_event("bob")
    )


async def test_the_default_rules_are_there_and_marked(desk: Desk) -> None:
    reply = await desk.rules.ListRules(rules_pb2.ListRulesRequest())
    names = [each.name.removeprefix("rules/") for each in reply.rules]
    assert names == [
        "intent",
        "lateness",
        "long-decision-chain",
        "missed-cycle",
        "price-sensitive",
        "repurchase-due",
        "same-period-last-year",
        "silent-vip",
        "unattended-lead",
        "vip",
    ]
    assert all(each.built_in and each.enabled for each in reply.rules)
    assert all(each.text_zh for each in reply.rules if each.kind == Rule.ALERT)


async def test_lists_of_rules_are_filtered_ordered_and_paged(desk: Desk) -> None:
    request = rules_pb2.ListRulesRequest(filter="kind = TAG", order_by="name desc", page_size=2)
    first = await desk.rules.ListRules(request)
    assert [each.name for each in first.rules] == ["rules/vip", "rules/price-sensitive"]
    request.page_token = first.next_page_token
    second = await desk.rules.ListRules(request)
    assert [each.name for each in second.rules] == ["rules/long-decision-chain", "rules/intent"]


async def test_a_new_tag_rule_tags_everyone(insight: Insight, desk: Desk) -> None:
    await one_buyer(insight)
    await create(desk, tag_rule())
    rule = await get(desk)
    assert (rule.name, rule.built_in, rule.match_count) == ("rules/mine", False, 1)
    assert list((await desk.facts_of("ada")).tags) == ["buyer"]
    assert set(await desk.all_facts(filter='tags:"buyer"')) == {"ada"}


async def test_a_new_alert_rule_alerts_of_everyone(insight: Insight, desk: Desk) -> None:
    await one_buyer(insight)
    await create(desk, alert_rule(assignee="users/zoe"))
    (alert,) = await desk.open_alerts('rule = "rules/mine"')
    assert (await get(desk)).match_count == 1
    assert (alert.customer, alert.customer_display_name) == ("customers/ada", "Ada")
    assert (alert.assignee, alert.text_en) == ("users/zoe", "1 orders")
    assert [(each.fact, each.value) for each in alert.evidence] == [("orders_total", "1")]


async def test_a_disabled_rule_does_nothing(insight: Insight, desk: Desk) -> None:
    await one_buyer(insight)
    await create(desk, alert_rule(enabled=False))
    assert await desk.open_alerts() == []


async def test_an_alert_rule_sees_the_tags_of_the_same_change(insight: Insight, desk: Desk) -> None:
    await create(desk, tag_rule())
    await create(desk, alert_rule(filter='tags:"buyer"'), "on-tag")
    await one_buyer(insight)
    (alert,) = await desk.open_alerts('rule = "rules/on-tag"')
    assert alert.evidence[0].value == "buyer"


async def test_a_changed_filter_takes_effect_for_everyone(insight: Insight, desk: Desk) -> None:
    await one_buyer(insight)
    before = await create(desk, alert_rule())
    after = await update(desk, "filter", filter="orders_total = 0", etag=before.etag)
    assert after.etag != before.etag
    (alert,) = await desk.open_alerts('rule = "rules/mine"')
    assert alert.customer == "customers/bob"
    assert (await get(desk)).match_count == 1


async def test_disabling_a_rule_ends_its_alerts_and_its_tag(insight: Insight, desk: Desk) -> None:
    await one_buyer(insight)
    await create(desk, alert_rule())
    await create(desk, tag_rule(), "tagging")
    await update(desk, "enabled", enabled=False)
    await update(desk, "enabled", name="rules/tagging", enabled=False)
    assert await desk.open_alerts() == []
    reply = await desk.alerts.ListAlerts(alerts_pb2.ListAlertsRequest())
    assert [each.state for each in reply.alerts] == [alerts_pb2.Alert.EXPIRED]
    assert list((await desk.facts_of("ada")).tags) == []


async def test_an_update_without_a_change_leaves_the_etag(desk: Desk) -> None:
    before = await create(desk, tag_rule())
    after = await update(desk, "tag", tag="buyer")
    assert after.etag == before.etag


async def test_a_deleted_rule_takes_its_alerts_and_tags_with_it(
    insight: Insight, desk: Desk
) -> None:
    await one_buyer(insight)
    await create(desk, tag_rule())
    await create(desk, alert_rule(), "alerting")
    for name in ("rules/mine", "rules/alerting"):
        reply = await desk.rules.DeleteRule(rules_pb2.DeleteRuleRequest(name=name))
        assert reply.run.startswith("runs/")
    await desk.rules_followed()
    assert list((await desk.facts_of("ada")).tags) == []
    assert await desk.open_alerts() == []
    with pytest.raises(DomainError) as refused:
        await get(desk)
    assert refused.value.kind is Kind.NOT_FOUND


async def test_a_preview_counts_and_shows_who_matches_in_sight(
    insight: Insight, desk: Desk
) -> None:
    await one_buyer(insight)
    await insight.knows(customer_event("eva", owner="users/eve"))
    request = rules_pb2.PreviewRuleRequest(filter="orders_total = 0", example_count=1)
    reply = await desk.rules.PreviewRule(request)
    assert reply.match_count == 2
    assert [each.name for each in reply.examples] == ["customers/bob/facts"]
    rep = await insight.desk("users/eve", role="rep")
    assert (await rep.rules.PreviewRule(request)).match_count == 1


async def test_a_repeat_of_a_create_gives_the_first_result(desk: Desk) -> None:
    first = await create(desk, tag_rule(), request_id="r1")
    assert await create(desk, tag_rule(), request_id="r1") == first


@in_turn(
    ("rule", "field", "reason"),
    [
        (tag_rule(filter="shoe_size = 5"), "rule.filter", "FILTER_UNKNOWN_FIELD"),
        (tag_rule(filter="orders_total >"), "rule.filter", "FILTER_SYNTAX"),
        (tag_rule(filter=" "), "rule.filter", "FIELD_REQUIRED"),
        (tag_rule(filter='tags:"VIP"'), "rule.filter", "TAGS_IN_TAG_RULE"),
        (tag_rule(tag=""), "rule.tag", "FIELD_REQUIRED"),
        (tag_rule(kind=Rule.KIND_UNSPECIFIED), "rule.kind", "FIELD_REQUIRED"),
        (alert_rule(severity=0), "rule.severity", "FIELD_REQUIRED"),
        (alert_rule(text_en="{shoe_size}"), "rule.text_en", "TEXT_UNKNOWN_FACT"),
        (alert_rule(text_zh="{shoe_size}"), "rule.text_zh", "TEXT_UNKNOWN_FACT"),
        *(
            (alert_rule(text_en=text), "rule.text_en", "TEXT_UNKNOWN_FACT")
            for text in (
                "{spend_365d:,.2f}",
                "{ spend_365d }",
                "{Spend_365d}",
                "{spend_365d",
                "spend_365d}",
                "{{spend_365d}}",
                "{}",
            )
        ),
    ],
)
async def test_what_is_wrong_with_a_rule_is_named(
    desk: Desk, rule: Rule, field: str, reason: str
) -> None:
    with pytest.raises(DomainError) as refused:
        await create(desk, rule)
    assert refused.value.kind is Kind.INVALID_ARGUMENT
    assert (refused.value.violations[0].field, refused.value.reason) == (field, reason)


async def test_an_id_that_is_taken_is_refused(desk: Desk) -> None:
    with pytest.raises(DomainError) as refused:
        await create(desk, tag_rule(), "vip")
    assert refused.value.kind is Kind.ALREADY_EXISTS


async def test_an_update_is_refused_where_it_would_break_the_rule(desk: Desk) -> None:
    await create(desk, tag_rule())
    for field, value in (("filter", "shoe_size = 5"), ("filter", 'tags:"VIP"')):
        with pytest.raises(DomainError) as refused:
            await update(desk, field, **{field: value})
        assert refused.value.violations[0].field == "rule.filter"
    with pytest.raises(DomainError) as refused:
        await update(desk, "kind", kind=Rule.ALERT)
    assert refused.value.reason == "UPDATE_MASK_FIXED_FIELD"


async def test_a_rule_is_changed_in_the_form_that_was_read(desk: Desk) -> None:
    rule = await create(desk, tag_rule())
    changed = await update(desk, "kind", "tag", kind=rule.kind, tag="customer")
    assert (changed.kind, changed.tag) == (Rule.TAG, "customer")


async def test_a_change_of_what_has_changed_meanwhile_is_refused(desk: Desk) -> None:
    before = await create(desk, tag_rule())
    await update(desk, "tag", tag="customer")
    with pytest.raises(DomainError) as refused:
        await update(desk, "tag", tag="x", etag=before.etag)
    assert refused.value.reason == "ETAG_MISMATCH"
    with pytest.raises(DomainError) as refused:
        await desk.rules.DeleteRule(
            rules_pb2.DeleteRuleRequest(name="rules/mine", etag=before.etag)
        )
    assert refused.value.reason == "ETAG_MISMATCH"


async def test_unknown_rules_are_not_found(desk: Desk) -> None:
    for call in (
        get(desk, "rules/none"),
        update(desk, "tag", name="rules/none", tag="x"),
        desk.rules.DeleteRule(rules_pb2.DeleteRuleRequest(name="rules/none")),
    ):
        with pytest.raises(DomainError) as refused:
            await call
        assert refused.value.kind is Kind.NOT_FOUND


async def test_a_rep_reads_rules_and_writes_none(insight: Insight) -> None:
    rep = await insight.desk("users/eve", role="rep")
    assert (await get(rep, "rules/vip")).tag == "VIP"
    with pytest.raises(DomainError) as refused:
        await create(rep, tag_rule())
    assert refused.value.kind is Kind.PERMISSION_DENIED


async def test_a_tag_rule_counts_whom_it_matches_itself(insight: Insight, desk: Desk) -> None:
    for name, filter, enabled in (
        ("never", "orders_total > 1000", True),
        ("off", "orders_total >= 1", False),
        ("buyers", "orders_total >= 1", True),
    ):
        rule = rules_pb2.Rule(
            kind=rules_pb2.Rule.TAG, filter=filter, enabled=enabled, tag_dimension="CUSTOM", tag="x"
        )
        await desk.rules.CreateRule(rules_pb2.CreateRuleRequest(rule_id=name, rule=rule))
    await insight.knows(customer_event("ada"), customer_event("bob"), confirmed("o1", "ada", TODAY))
    await desk.rules_followed()
    listed = await desk.rules.ListRules(rules_pb2.ListRulesRequest(filter='tag = "x"'))
    counts = {each.name: each.match_count for each in listed.rules}
    assert counts == {"rules/never": 0, "rules/off": 0, "rules/buyers": 1}
