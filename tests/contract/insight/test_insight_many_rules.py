"""However many rules there are, and whoever wrote them, they are followed; and they are bounded."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from guanxi.insight.v1 import rules_pb2
from guanxi.insight.v1.runs_pb2 import Run

from services.chassis.background import Background
from services.chassis.caller import Caller, Scope
from services.chassis.errors import Kind
from services.chassis.store import WriteTransaction
from services.insight.engine.evaluation import Evaluation
from services.insight.rules.model import MOST_RULES, Rule, RuleKind, Severity, Sight
from services.insight.rules.store import count, rules
from services.sales.people.model import MOST_BENEATH
from tests.support.databases import Databases
from tests.support.insight import (
    TODAY,
    Desk,
    Insight,
    confirmed,
    customer_event,
    running_insight,
    until,
)
from tests.support.refusals import refusal
from tests.support.rule_runs import alerted, create, get, is_in
from tests.support.services import migrated_database
from tests.support.statements import too_large_for_any

SYSTEM = Caller.system("tests")
# More than any one statement takes: SQLite's are 1,000 deep at most.
FROM_BEFORE = 1_100
TEAMS = tuple(f"teams/t{number}" for number in range(MOST_BENEATH + 1))


def managers_rules(tx: WriteTransaction, how_many: int) -> Iterator[Rule]:
    """Each of another author of as many teams as there can be; for one order, or for two, ..."""
    for number in range(how_many):
        yield Rule(
            name=f"rules/m{number}",
            kind=RuleKind.ALERT,
            display_name="",
            filter=f"orders_total = {number}",
            enabled=True,
            severity=Severity.NOTICE,
            text_en="",
            text_zh="",
            assignee="owner",
            cooldown_days=0,
            tag_dimension="",
            tag="",
            built_in=False,
            sight=Sight(Scope.TEAM, f"users/m{number}", TEAMS),
            create_time=tx.now + timedelta(microseconds=number),
            update_time=tx.now,
            version=1,
            run="",
        )


async def there_are(insight: Insight, how_many: int) -> None:
    """So many rules, with those that come with the suite."""

    async def fill(tx: WriteTransaction) -> None:
        await rules.insert(tx, managers_rules(tx, how_many - await count(tx)))

    await insight.service.store.write(fill, caller=SYSTEM)


async def test_more_rules_than_a_statement_takes_are_followed(insight: Insight, desk: Desk) -> None:
    await insight.knows(
        customer_event("ada", owner="users/ann", team=TEAMS[-1]),
        customer_event("bob", owner="users/eve", team="teams/unseen"),
        customer_event("carl", owner="users/m1", team=""),
    )
    await there_are(insight, FROM_BEFORE)
    orders = [confirmed(f"o-{each}", each, TODAY, 70) for each in ("ada", "bob", "carl")]
    await insight.knows(*orders)
    assert await alerted(desk, "rules/m1") == {"ada", "carl"}
    await desk.run()
    await insight.knows(confirmed("o2", "ada", TODAY, 70))
    assert await alerted(desk, "rules/m1") == {"carl"}
    assert await alerted(desk, "rules/m2") == {"ada"}


async def test_a_change_among_them_takes_effect_for_everyone(insight: Insight, desk: Desk) -> None:
    await insight.knows(customer_event("ada"), confirmed("o1", "ada", TODAY, 70))
    await there_are(insight, MOST_RULES - 2)
    mine = await create(desk)
    await until(is_in(desk, mine.run, Run.DONE))
    assert await alerted(desk) == {"ada"}
    other = await create(desk, "tagging", kind=rules_pb2.Rule.TAG, tag="buyer", severity=0)
    await until(is_in(desk, other.run, Run.DONE))
    assert "buyer" in (await desk.facts_of("ada")).tags
    changed = await desk.rules.UpdateRule(
        rules_pb2.UpdateRuleRequest(
            rule=rules_pb2.Rule(name="rules/mine", filter="orders_total >= 2 OR tags:nobody")
        )
    )
    await until(is_in(desk, changed.run, Run.DONE))
    assert await alerted(desk) == set()


async def test_there_are_no_more_rules_than_can_be_followed(insight: Insight, desk: Desk) -> None:
    await there_are(insight, MOST_RULES)
    for enabled in (True, False):
        error = await refusal(create(desk, enabled=enabled))
        assert (error.kind, error.reason) == (Kind.FAILED_PRECONDITION, "TOO_MANY_RULES")
        assert error.metadata == {"count": "500", "limit": "500"}
        assert "500" in error.message
    await desk.rules.DeleteRule(rules_pb2.DeleteRuleRequest(name="rules/m0"))
    await create(desk)


async def test_a_run_whose_statement_is_too_large_says_so_and_so_does_readiness(
    databases: Databases, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def asks_for_too_much(_: Evaluation, tx: WriteTransaction, *__: Any, **___: Any) -> None:
        await tx.unscoped().all(too_large_for_any())

    background = Background()
    url = await migrated_database(databases, "insight")
    with background.watching():
        async with running_insight(url) as insight:
            desk = await insight.desk()
            await insight.knows(customer_event("ada"))
            monkeypatch.setattr(Evaluation, "follow", asks_for_too_much)
            rule = await create(desk)
            await until(is_in(desk, rule.run, Run.FAILED))
            error = (await get(desk, rule.run)).error
            insight.customer.write(customer_event("bob"))

            async def is_told() -> bool:
                return any("reads" in each and told(each) for each in background.complaints())

            await until(is_told)
    assert told(error)


def told(error: str) -> bool:
    return "Expression tree is too large" in error or "number of query arguments" in error
