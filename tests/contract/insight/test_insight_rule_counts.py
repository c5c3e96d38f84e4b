"""Whom a rule matches that was just written: counted for the answer, while nobody waits for it."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from google.protobuf.field_mask_pb2 import FieldMask
from guanxi.insight.v1 import rules_pb2

from services.insight.rules import actions
from tests.support.insight import TODAY, Desk, Insight, confirmed, customer_event

Rule = rules_pb2.Rule


async def test_nobody_who_writes_waits_until_a_new_rule_is_counted(
    insight: Insight, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    await insight.knows(customer_event("ada"), confirmed("o1", "ada", TODAY), customer_event("bob"))
    count, begun, go = actions.match_counts, asyncio.Event(), asyncio.Event()

    async def slow(*arguments: Any) -> Any:
        begun.set()
        await go.wait()
        return await count(*arguments)

    monkeypatch.setattr(actions, "match_counts", slow)
    rule = Rule(kind=Rule.TAG, filter="orders_total >= 1", enabled=True, tag="buyer")
    asked = rules_pb2.CreateRuleRequest(rule=rule, rule_id="mine", request_id="once")
    creating = asyncio.ensure_future(desk.rules.CreateRule(asked))
    await begun.wait()
    async with asyncio.timeout(5):
        await insight.knows(confirmed("o9", "bob", TODAY))
    go.set()
    created = await creating
    assert created.match_count == 2
    assert await desk.rules.CreateRule(asked) == created
    change = rules_pb2.UpdateRuleRequest(
        rule=Rule(name=created.name, filter="orders_total >= 2"),
        update_mask=FieldMask(paths=["filter"]),
    )
    assert (await desk.rules.UpdateRule(change)).match_count == 0
