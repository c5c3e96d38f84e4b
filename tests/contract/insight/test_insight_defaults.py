"""What is taken where a caller says nothing of it, and how long what has ended can be looked at."""

from __future__ import annotations

from datetime import timedelta

from guanxi.insight.v1 import predictions_pb2, rules_pb2

from tests.support.insight import TODAY, Desk, Insight, confirmed, customer_event
from tests.support.rule_runs import create, listed


async def test_a_run_that_has_ended_is_kept_for_thirty_days(insight: Insight, desk: Desk) -> None:
    async def kept_after(rule_id: str) -> list[str]:
        """The rules whose runs are there once this one's is done."""
        await create(desk, rule_id)
        await desk.rules_followed()
        return sorted(run.rule for run in await listed(desk) if run.rule)

    assert await kept_after("one") == ["rules/one"]
    insight.clock.move(days=30)
    assert await kept_after("two") == ["rules/one", "rules/two"]
    insight.clock.move(seconds=1)
    assert await kept_after("three") == ["rules/three", "rules/two"]


async def test_a_preview_shows_ten_of_those_who_match(insight: Insight, desk: Desk) -> None:
    await insight.knows(*(customer_event(f"c{number}") for number in range(12)))

    async def shown(**asked: int) -> tuple[int, int]:
        request = rules_pb2.PreviewRuleRequest(filter="orders_total = 0", **asked)
        reply = await desk.rules.PreviewRule(request)
        return reply.match_count, len(reply.examples)

    assert await shown() == (12, 10)
    assert await shown(example_count=11) == (12, 11)
    assert await shown(example_count=100) == (12, 12)


async def test_customers_are_due_whose_window_opens_within_seven_days(
    insight: Insight, desk: Desk
) -> None:
    for days in (6, 7, 8):
        name = f"in-{days}"
        orders = (TODAY - timedelta(days=30 * number - days) for number in range(1, 7))
        events = [confirmed(f"{name}-{at}", name, when) for at, when in enumerate(orders)]
        await insight.knows(customer_event(name), *events)
    reply = await desk.predictions.ListDueCustomers(predictions_pb2.ListDueCustomersRequest())
    assert [each.name.split("/")[1] for each in reply.predictions] == ["in-6", "in-7"]
