"""The README's tour, copied block by block out of the README into a shell."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.local_run import LocalRun
from tests.support.suite import ROOT


def answers(printed: str) -> list[Any]:
    """The JSON documents that a block prints, one behind the other."""
    found, decoder = [], json.JSONDecoder()
    while printed:
        document, end = decoder.raw_decode(printed)
        found.append(document)
        printed = printed[end:].lstrip()
    return found


@pytest.fixture(scope="module")
def printed(demo_run: LocalRun, tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """What each block of the tour prints, run one after the other in one shell."""
    if shutil.which("curl") is None:
        pytest.fail("the tour needs curl")
    folder = tmp_path_factory.mktemp("tour")
    (folder / ".guanxi").symlink_to(demo_run.suite.folder)
    readme = (ROOT / "README.md").read_text("utf-8")
    blocks = re.findall(r"^```sh\n(.*?)^```$", readme, re.MULTILINE | re.DOTALL)
    script = "\necho; echo ----\n".join(blocks).replace("127.0.0.1:8080", demo_run.suite.rest)
    result = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return [block.strip() for block in result.stdout.split("----")]


def test_the_tour_begins_with_alerts_and_their_reasons(printed: list[str]) -> None:
    alerts = json.loads(printed[1])["alerts"]
    assert len(alerts) == 3
    assert all(alert["textEn"] and alert["evidence"] for alert in alerts)


def test_a_brief_is_one_answer_with_nothing_missing(printed: list[str]) -> None:
    brief = json.loads(printed[2])
    assert brief["customer"]["name"] == "customers/lin-trading"
    assert "missingParts" not in brief
    assert brief["highlights"]


def test_a_customer_is_found_by_parts_of_their_name(printed: list[str]) -> None:
    results = json.loads(printed[3])["results"]
    assert "customers/lin-trading" in [each["customer"] for each in results]
    assert all(each["matchedField"] == "NAME" for each in results)


def test_segments_come_with_their_cut_points(printed: list[str]) -> None:
    segments = json.loads(printed[4])
    assert len(segments["segments"]) == 12
    assert len(segments["segmentation"]["recencyCutPoints"]) == 4


def test_a_filter_over_facts_finds_whom_it_says(printed: list[str]) -> None:
    facts = json.loads(printed[5])["customerFacts"]
    spends = [int(each["spend365d"]["units"]) for each in facts]
    assert spends == sorted(spends, reverse=True)
    assert all(spend >= 100_000 for spend in spends)
    assert all(each["daysSinceContact"] > 14 for each in facts)


def test_what_the_visitor_writes_is_there_and_so_is_what_follows_from_it(
    printed: list[str],
) -> None:
    customer, order, orders, facts, brief = answers(printed[6])
    assert customer["name"] == "customers/river-cafe"
    assert order["state"] == "CONFIRMED"
    assert [each["name"] for each in orders["orders"]] == [order["name"]]
    assert facts["ordersTotal"] == 1
    assert facts["spendTotal"] == {"currencyCode": "USD", "units": "840"}
    assert "Mostly buys Pump S." in brief["highlights"]
    assert [each["name"] for each in brief["recentOrders"]] == [order["name"]]


def test_a_wrong_request_names_field_and_reason(printed: list[str]) -> None:
    error = json.loads(printed[7])["error"]
    assert error["status"] == "INVALID_ARGUMENT"
    assert "lines[0].quantity" in json.dumps(error)


def test_the_alert_stream_opens(printed: list[str]) -> None:
    assert "error" not in printed[8]


def test_every_link_of_the_readme_leads_somewhere() -> None:
    readme = (ROOT / "README.md").read_text("utf-8")
    links = re.findall(r"\]\((?!http)([^)#]+)\)", readme)
    missing = [link for link in links if not Path(ROOT, link).exists()]
    assert not missing
