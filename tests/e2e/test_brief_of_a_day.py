"""A brief of a past day, from real services: all of it is of that day."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from tests.e2e.local_run import LocalRun


def test_a_brief_of_a_past_day_knows_nothing_of_what_came_after(demo_run: LocalRun) -> None:
    suite = demo_run.suite
    brief = suite.get("/v1/customers/lin-trading/callBrief")
    touched = sorted(each["touchTime"] for each in brief["touchpoints"])
    # The day of the second of the last ten touchpoints: later ones and orders there were.
    day = datetime.fromisoformat(touched[1]).astimezone(UTC).date()
    end = f"{day + timedelta(days=1)}T00:00:00"
    before = suite.get(f"/v1/customers/lin-trading/callBrief?asOf={day}")
    assert before["touchpoints"]
    assert all(each["touchTime"] < end for each in before["touchpoints"])
    assert before["recentOrders"] != brief["recentOrders"]
    assert all(each["orderTime"] < end for each in before["recentOrders"])
    assert before["purchases"] != brief["purchases"]
    assert not before.get("alerts")
    assert [each["part"] for each in before["missingParts"]] == ["ALERTS", "DECISION_CHAIN"]
    alerts = {each["textEn"] for each in brief["alerts"]}
    assert alerts
    assert not alerts & set(before["highlights"])
