"""A change of the rules takes effect by a run: kept with it, worked off in slices, watched."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from google.protobuf.field_mask_pb2 import FieldMask
from guanxi.insight.v1 import alerts_pb2, feeds_pb2, rules_pb2, runs_pb2

from services.chassis.errors import DomainError, Kind
from services.insight.engine.stored_runs import StoredRuns
from tests.support.databases import Databases
from tests.support.insight import Desk, Insight, WrittenFeed, insight_reading, until
from tests.support.rule_runs import (
    CUSTOMERS,
    SLICES,
    Run,
    Work,
    alerted,
    create,
    get,
    is_in,
    listed,
    seven_buyers,
    watched,
)
from tests.support.services import migrated_database


@pytest.fixture
def work(monkeypatch: pytest.MonkeyPatch) -> Work:
    return Work(monkeypatch)


@pytest.fixture
async def insight(databases: Databases, work: Work) -> AsyncIterator[Insight]:
    """Seven buyers; runs are held until they are let go."""
    url = await migrated_database(databases, "insight")
    customer, sales = WrittenFeed(), WrittenFeed()
    async with insight_reading(url, {"customer": customer, "sales": sales}) as service:
        running = Insight(service, customer, sales, service.clock)
        await seven_buyers(running)
        yield running


async def test_a_new_rule_answers_with_its_run_before_anyone_is_evaluated(
    desk: Desk, work: Work
) -> None:
    rule = await create(desk)
    run = await get(desk, rule.run)
    assert (run.kind, run.rule, run.state) == (Run.RULES, "rules/mine", Run.QUEUED)
    assert (run.customers_done, run.customers_total, run.HasField("start_time")) == (0, 0, False)
    assert (await alerted(desk), work.slices) == (set(), 0)

    work.go.set()
    await until(is_in(desk, rule.run, Run.DONE))
    run = await get(desk, rule.run)
    assert (run.customers_done, run.customers_total) == (7, 7)
    assert run.HasField("start_time")
    assert run.HasField("end_time")
    assert (await alerted(desk), work.slices) == (set(CUSTOMERS), SLICES)


async def test_a_watch_begins_where_the_run_stands_and_ends_when_it_is_done(
    desk: Desk, work: Work
) -> None:
    rule = await create(desk)
    told = await watched(desk, rule.run, then=work.go.set)
    assert told[0].state == Run.QUEUED
    assert (told[-1].state, told[-1].customers_done) == (Run.DONE, 7)
    assert all(each.name == rule.run for each in told)
    assert await watched(desk, rule.run) == [told[-1]]


async def test_the_tags_and_alerts_of_a_rule_that_ends_go_by_its_run(
    desk: Desk, work: Work
) -> None:
    work.go.set()
    await create(desk)
    await create(desk, "tagging", kind=rules_pb2.Rule.TAG, tag="buyer", severity=0)
    await desk.rules_followed()
    assert (await alerted(desk), list((await desk.facts_of("c3")).tags)) == (
        set(CUSTOMERS),
        ["buyer"],
    )
    work.go.clear()
    mask = FieldMask(paths=["enabled"])
    disabled = await desk.rules.UpdateRule(
        rules_pb2.UpdateRuleRequest(rule=rules_pb2.Rule(name="rules/mine"), update_mask=mask)
    )
    deleted = await desk.rules.DeleteRule(rules_pb2.DeleteRuleRequest(name="rules/tagging"))
    waiting = [await get(desk, name) for name in (disabled.run, deleted.run)]
    assert [each.rule for each in waiting] == ["rules/mine", "rules/tagging"]
    assert {each.state for each in waiting} == {Run.QUEUED}

    work.go.set()
    await desk.rules_followed()
    assert list((await desk.facts_of("c3")).tags) == []
    reply = await desk.alerts.ListAlerts(alerts_pb2.ListAlertsRequest(filter='rule = "rules/mine"'))
    assert [each.state for each in reply.alerts] == [alerts_pb2.Alert.EXPIRED] * 7


async def test_what_changes_nothing_for_anyone_has_no_run(desk: Desk, work: Work) -> None:
    rule = await create(desk, enabled=False)
    deleted = await desk.rules.DeleteRule(rules_pb2.DeleteRuleRequest(name="rules/mine"))
    shipped = await desk.rules.GetRule(rules_pb2.GetRuleRequest(name="rules/vip"))
    assert (rule.run, deleted.run, shipped.run) == ("", "", "")
    assert await listed(desk) == []


async def test_twenty_changes_in_a_row_are_followed_by_one_evaluation(
    desk: Desk, work: Work
) -> None:
    names = [f"mine-{number}" for number in range(20)]
    created = [await create(desk, name) for name in names]
    assert len({rule.run for rule in created}) == 20
    work.go.set()
    await desk.rules_followed()
    assert work.slices == SLICES
    assert [await alerted(desk, f"rules/{name}") for name in names] == [set(CUSTOMERS)] * 20
    assert len(await listed(desk, filter="state = DONE")) == 20


async def test_a_change_while_a_run_is_at_work_has_a_run_behind_it(
    desk: Desk, work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = await create(desk)
    second: list[rules_pb2.Rule] = []
    due = StoredRuns._is_any_due

    async def between(each: StoredRuns) -> bool:
        if work.slices == 3 and not second:
            second.append(await create(desk, "second"))
        return await due(each)

    monkeypatch.setattr(StoredRuns, "_is_any_due", between)
    work.go.set()
    await until(is_in(desk, first.run, Run.DONE))
    await desk.rules_followed()
    assert work.slices == 2 * SLICES
    assert await alerted(desk, "rules/second") == set(CUSTOMERS)
    assert second[0].run != first.run


async def test_a_run_begins_anew_where_a_rebuild_is_put_in_use_meanwhile(
    desk: Desk, work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    rule = await create(desk)
    due = StoredRuns._is_any_due
    rebuilds: list[feeds_pb2.Rebuild] = []

    async def rebuilt() -> bool:
        rebuild = await desk.feeds.GetRebuild(feeds_pb2.GetRebuildRequest())
        return bool(rebuild.state == feeds_pb2.Rebuild.DONE)

    async def between(each: StoredRuns) -> bool:
        if work.slices == 3 and not rebuilds:
            rebuilds.append(await desk.feeds.StartRebuild(feeds_pb2.StartRebuildRequest()))
            await until(rebuilt)
        return await due(each)

    monkeypatch.setattr(StoredRuns, "_is_any_due", between)
    work.go.set()
    await until(is_in(desk, rule.run, Run.DONE))
    run = await get(desk, rule.run)
    assert (run.customers_done, run.customers_total, work.slices) == (7, 7, 3 + SLICES)
    assert await alerted(desk) == set(CUSTOMERS)


async def test_a_process_killed_in_a_slice_goes_on_behind_the_last_one_after_its_start(
    databases: Databases, work: Work
) -> None:
    url = await migrated_database(databases, "insight")
    customer, sales = WrittenFeed(), WrittenFeed()
    feeds = {"customer": customer, "sales": sales}
    async with insight_reading(url, feeds) as service:
        insight = Insight(service, customer, sales, service.clock)
        desk = await insight.desk()
        await seven_buyers(insight)
        rule = await create(desk)
        work.stop_in = 3
        work.go.set()
        await asyncio.wait_for(work.stopped.wait(), 30)
        run = await get(desk, rule.run)
        assert (run.state, run.customers_done, run.customers_total) == (Run.RUNNING, 4, 7)
    work.forget()
    async with insight_reading(url, feeds) as service:
        insight = Insight(service, customer, sales, service.clock)
        desk = await insight.desk()
        await until(is_in(desk, rule.run, Run.DONE))
        assert (await get(desk, rule.run)).customers_done == 7
        assert await alerted(desk) == set(CUSTOMERS)
        assert work.slices == SLICES - 2


async def test_a_run_that_fails_says_why_and_is_tried_again_after_a_growing_pause(
    insight: Insight, desk: Desk, work: Work
) -> None:
    work.fails = True
    rule = await create(desk)
    work.go.set()
    pauses = []
    for _ in range(3):
        await until(is_in(desk, rule.run, Run.FAILED))
        run = await get(desk, rule.run)
        assert run.error == "RuntimeError: no such column"
        pauses.append(run.next_try_time.ToDatetime() - insight.clock.now().replace(tzinfo=None))
        work.go.clear()
        insight.clock.move(seconds=pauses[-1].total_seconds())
        before = run.next_try_time
        work.go.set()

        async def tried_again(before: Any = before) -> bool:
            tried = await get(desk, rule.run)
            return bool(tried.next_try_time != before)

        await until(tried_again)
    assert pauses == [timedelta(seconds=each) for each in (1, 2, 4)]
    work.fails = False
    insight.clock.move(seconds=60)
    await until(is_in(desk, rule.run, Run.DONE))
    run = await get(desk, rule.run)
    assert (run.error, run.HasField("next_try_time")) == ("", False)
    assert await alerted(desk) == set(CUSTOMERS)


async def test_a_run_that_failed_is_taken_along_by_the_next_change(desk: Desk, work: Work) -> None:
    work.fails = True
    first = await create(desk)
    work.go.set()
    await until(is_in(desk, first.run, Run.FAILED))
    work.fails = False
    await create(desk, "second")
    await until(is_in(desk, first.run, Run.DONE))
    assert await alerted(desk) == await alerted(desk, "rules/second") == set(CUSTOMERS)


async def test_a_run_is_kept_for_thirty_days_after_its_end(
    insight: Insight, desk: Desk, work: Work
) -> None:
    work.go.set()
    old = await create(desk)
    await desk.rules_followed()
    insight.clock.move(days=29)
    middle = await create(desk, "second")
    await desk.rules_followed()
    assert {run.name for run in await listed(desk)} == {old.run, middle.run}
    insight.clock.move(days=2)
    new = await create(desk, "third")
    await desk.rules_followed()
    assert [run.name for run in await listed(desk)] == [new.run, middle.run]
    with pytest.raises(DomainError) as refused:
        await get(desk, old.run)
    assert refused.value.kind is Kind.NOT_FOUND


async def test_lists_of_runs_are_filtered_ordered_and_paged(
    insight: Insight, desk: Desk, work: Work
) -> None:
    created = []
    for name in ("one", "two", "three"):
        created.append(await create(desk, name))
        insight.clock.move(seconds=1)
    names = [rule.run for rule in created]
    assert [run.name for run in await listed(desk)] == names[::-1]
    assert [run.name for run in await listed(desk, order_by="create_time")] == names
    assert [run.name for run in await listed(desk, filter='rule = "rules/two"')] == names[1:2]
    assert await listed(desk, filter="state = DONE OR kind != RULES") == []
    request = runs_pb2.ListRunsRequest(page_size=2)
    first = await desk.runs.ListRuns(request)
    request.page_token = first.next_page_token
    assert [run.name for run in (await desk.runs.ListRuns(request)).runs] == names[:1]


async def test_whoever_may_read_rules_may_see_their_runs_and_nobody_else(
    insight: Insight, desk: Desk, work: Work
) -> None:
    rule = await create(desk)
    work.go.set()
    rep = await insight.desk("users/eve", role="rep", team="teams/south")
    assert (await get(rep, rule.run)).rule == rule.name
    assert [run.name for run in await listed(rep)] == [rule.run]
    assert (await watched(rep, rule.run))[-1].state == Run.DONE
    support = await insight.desk("users/sam", role="support")
    for call in (get(support, rule.run), listed(support), watched(support, rule.run)):
        with pytest.raises(DomainError) as refused:
            await call
        assert refused.value.kind is Kind.PERMISSION_DENIED


async def test_unknown_runs_are_not_found(desk: Desk, work: Work) -> None:
    for call in (get(desk, "runs/none"), watched(desk, "runs/none")):
        with pytest.raises(DomainError) as refused:
            await call
        assert refused.value.kind is Kind.NOT_FOUND
