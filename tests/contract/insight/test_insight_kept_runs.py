"""How long a run that has ended can be looked at."""

from __future__ import annotations

from tests.support.insight import Desk, Insight
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
