"""The day of a brief: checked once, before anything is asked for, refused by name, and the day of
all that the brief says."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import grpc
import pytest
import pytest_asyncio
from google.protobuf.timestamp_pb2 import Timestamp
from google.type.date_pb2 import Date
from guanxi.customer.v1 import contacts_pb2, contacts_pb2_grpc, customers_pb2, touchpoints_pb2_grpc
from guanxi.gateway.v1 import briefs_pb2, briefs_pb2_grpc
from guanxi.insight.v1 import alerts_pb2, alerts_pb2_grpc, facts_pb2, facts_pb2_grpc
from guanxi.sales.v1 import orders_pb2_grpc

from gateway.briefs.parts import Sources
from gateway.briefs.servicer import BriefServicer
from services.chassis.client import connect
from services.chassis.clock import BusinessCalendar, SystemClock
from services.chassis.errors import DomainError, Kind, invalid
from services.chassis.identity import ForwardedToken
from tests.support.gateway import FakeService, RunningGateway, reason_of, running_gateway

pytestmark = pytest.mark.asyncio(loop_scope="module")

PATH = "/v1/customers/ann/callBrief"
TODAY = date(2026, 3, 2)
CALENDAR = BusinessCalendar(SystemClock(), ZoneInfo("Asia/Shanghai"), TODAY)


class Briefs(briefs_pb2_grpc.BriefServiceServicer):
    """The real servicer, in front of services that are known once they run. Sales is away, but
    where it is said to be there."""

    def __init__(self) -> None:
        self.target = ""
        self.sales_is_there = False

    async def GetCallBrief(self, request: Any, context: Any) -> briefs_pb2.CallBrief:
        async with (
            connect(self.target, identity=ForwardedToken()) as there,
            connect("127.0.0.1:1", identity=ForwardedToken()) as away,
        ):
            sales = there if self.sales_is_there else away
            sources = Sources(customer=there, sales=sales, insight=there)
            servicer = BriefServicer(sources, CALENDAR)
            return await servicer.GetCallBrief(request, context)


@dataclass(frozen=True, slots=True)
class Asked:
    """A gateway, and the services that a brief asks."""

    gateway: RunningGateway
    services: Mapping[str, FakeService]

    def request(self, service: str, method: str) -> Any:
        """What a method was asked last."""
        return [each.request for each in self.services[service].seen if each.method == method][-1]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def facts(
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[tuple[RunningGateway, FakeService]]:
    briefs, service = Briefs(), FakeService("guanxi.insight.v1.FactService")
    own = ((briefs_pb2_grpc.add_BriefServiceServicer_to_server, briefs),)
    beside = ((facts_pb2_grpc.add_FactServiceServicer_to_server, service),)
    folder = tmp_path_factory.mktemp("gateway")
    async with running_gateway(folder, own=own, beside=beside) as running:
        briefs.target = running.customer_target
        running.customers.answers["GetCustomer"] = customers_pb2.Customer(name="customers/ann")
        yield running, service


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ("asOf.year=2024", "DATE_INVALID"),
        ("asOf.year=2024&asOf.month=2&asOf.day=30", "DATE_INVALID"),
        ("asOf.year=-1&asOf.month=1&asOf.day=1", "DATE_INVALID"),
        ("asOf.year=99999&asOf.month=1&asOf.day=1", "DATE_INVALID"),
        ("asOf=2024-02-30", "INVALID_VALUE"),
        ("asOf=0000-01-01", "INVALID_VALUE"),
    ],
)
async def test_a_day_that_is_none_is_refused(
    facts: tuple[RunningGateway, FakeService], query: str, reason: str
) -> None:
    gateway, service = facts
    asked = len(service.seen)
    answer = await gateway.http.get(f"{PATH}?{query}")
    assert (answer.status_code, reason_of(answer)) == (400, reason)
    fields = [d.get("fieldViolations") for d in answer.json()["error"]["details"]]
    assert {"as_of", "asOf"} & {each["field"] for fs in fields if fs for each in fs}
    assert len(service.seen) == asked


async def test_over_grpc_too(facts: tuple[RunningGateway, FakeService]) -> None:
    gateway, _ = facts
    stub: Any = briefs_pb2_grpc.BriefServiceStub(await gateway.channel())
    request = briefs_pb2.GetCallBriefRequest(
        name="customers/ann/callBrief", as_of=Date(year=2024, month=2, day=30)
    )
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await stub.GetCallBrief(request, metadata=gateway.metadata)
    assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT


@pytest.mark.parametrize(
    ("query", "start"),
    [
        ("", Date(year=2025, month=11, day=13)),
        ("?asOf=0001-01-01", None),
        ("?asOf=9999-12-31", Date(year=9998, month=12, day=16)),
        ("?asOf=2024-02-29", Date(year=2023, month=2, day=14)),
    ],
)
async def test_any_other_day_is_asked_for(
    facts: tuple[RunningGateway, FakeService],
    query: str,
    start: Date | None,
) -> None:
    gateway, service = facts
    service.answers["GetCustomerFacts"] = facts_pb2.CustomerFacts(same_period_start=start)
    answer = await gateway.http.get(PATH + query)
    assert answer.status_code == 200
    assert service.last.request.HasField("as_of") == bool(query)
    started = answer.json()["samePeriod"].get("startDate")
    assert (started and Date(**started)) == start
    missing = {part["part"] for part in answer.json()["missingParts"]}
    assert "SAME_PERIOD" not in missing
    assert {"PURCHASES", "RECENT_ORDERS"} <= missing


async def test_a_day_that_a_service_refuses_is_no_missing_part(
    facts: tuple[RunningGateway, FakeService],
) -> None:
    gateway, service = facts
    service.answers["GetCustomerFacts"] = invalid("as_of", "DATE_TOO_LATE", "is in the future")
    answer = await gateway.http.get(f"{PATH}?asOf=9999-12-31")
    assert (answer.status_code, reason_of(answer)) == (400, "DATE_TOO_LATE")


async def test_a_missing_part_says_why_in_a_sentence_and_by_a_reason(
    facts: tuple[RunningGateway, FakeService],
) -> None:
    gateway, service = facts
    service.answers["GetCustomerFacts"] = DomainError(
        Kind.FAILED_PRECONDITION, "FACTS_NOT_YET", "are not computed yet", metadata={"since": "now"}
    )
    answer = await gateway.http.get(PATH)
    assert answer.status_code == 200
    missing = {each["part"]: each["status"] for each in answer.json()["missingParts"]}
    for part in ("PURCHASES", "RECENT_ORDERS"):
        assert missing[part]["code"] == grpc.StatusCode.UNAVAILABLE.value[0]
        assert missing[part]["message"] == "the sales service can't be reached at the moment"
        assert _info(missing[part]) == (
            "SERVICE_UNAVAILABLE",
            "gateway.guanxi",
            {"service": "sales"},
        )
    own = missing["SAME_PERIOD"]
    assert (own["code"], own["message"]) == (9, "are not computed yet")
    assert _info(own) == ("FACTS_NOT_YET", "customer.guanxi", {"since": "now"})


@pytest_asyncio.fixture(loop_scope="module")
async def asked(tmp_path: Path) -> AsyncIterator[Asked]:
    """A gateway in front of services that are all there."""
    briefs = Briefs()
    briefs.sales_is_there = True
    services = {
        "touchpoints": FakeService("guanxi.customer.v1.TouchpointService"),
        "contacts": FakeService("guanxi.customer.v1.ContactService"),
        "orders": FakeService("guanxi.sales.v1.OrderService"),
        "alerts": FakeService("guanxi.insight.v1.AlertService"),
    }
    beside = (
        (touchpoints_pb2_grpc.add_TouchpointServiceServicer_to_server, services["touchpoints"]),
        (contacts_pb2_grpc.add_ContactServiceServicer_to_server, services["contacts"]),
        (orders_pb2_grpc.add_OrderServiceServicer_to_server, services["orders"]),
        (alerts_pb2_grpc.add_AlertServiceServicer_to_server, services["alerts"]),
    )
    own = ((briefs_pb2_grpc.add_BriefServiceServicer_to_server, briefs),)
    async with running_gateway(tmp_path, own=own, beside=beside) as running:
        briefs.target = running.customer_target
        yield Asked(running, services)


async def test_a_brief_of_another_day_asks_for_what_had_happened_by_its_end(asked: Asked) -> None:
    deleted = Timestamp(seconds=1_780_000_000)  # 2026-05-28
    asked.gateway.customers.answers["GetCustomer"] = customers_pb2.Customer(
        name="customers/ann", delete_time=deleted
    )
    asked.services["alerts"].answers["ListAlerts"] = alerts_pb2.ListAlertsResponse(
        alerts=[alerts_pb2.Alert(text_en="of today")]
    )
    answer = (await asked.gateway.http.get(f"{PATH}?asOf=2026-02-28")).json()
    assert asked.request("touchpoints", "ListTouchpoints").filter == (
        'touch_time < "2026-02-28T16:00:00+00:00"'
    )
    assert asked.request("orders", "ListOrders").filter == (
        'customer = "customers/ann" AND order_time < "2026-02-28T16:00:00+00:00"'
    )
    end = asked.request("orders", "ListPurchases").end_time
    assert end.ToJsonString() == "2026-02-28T16:00:00Z"
    assert not asked.services["alerts"].seen
    assert not asked.services["contacts"].seen
    assert not answer.get("alerts")
    assert "decisionChain" not in answer
    # Nothing of today, and nothing that was to come.
    assert "highlights" not in answer or answer["highlights"] == []
    missing = {each["part"]: each["status"] for each in answer["missingParts"]}
    assert missing["ALERTS"]["code"] == grpc.StatusCode.FAILED_PRECONDITION.value[0]
    assert missing["ALERTS"]["message"] == "alerts are of today, and this brief is of another day"
    for part in ("ALERTS", "DECISION_CHAIN"):
        assert _info(missing[part]) == ("PART_OF_TODAY", "gateway.guanxi", {})


@pytest.mark.parametrize("query", ["", "?asOf=2026-03-02"])
async def test_a_brief_of_today_has_its_alerts_and_all_there_is(asked: Asked, query: str) -> None:
    asked.gateway.customers.answers["GetCustomer"] = customers_pb2.Customer(name="customers/ann")
    asked.services["alerts"].answers["ListAlerts"] = alerts_pb2.ListAlertsResponse(
        alerts=[alerts_pb2.Alert(text_en="of today")]
    )
    asked.services["contacts"].answers["GetDecisionChain"] = chain()
    answer = (await asked.gateway.http.get(PATH + query)).json()
    assert answer["highlights"] == ["of today", "Next to approve: Kim (Buyer)."]
    assert answer["decisionChain"]["nextSigners"] == ["customers/ann/contacts/kim"]
    assert asked.request("contacts", "GetDecisionChain").name == "customers/ann/decisionChain"
    assert asked.request("touchpoints", "ListTouchpoints").filter == ""
    assert asked.request("orders", "ListOrders").filter == 'customer = "customers/ann"'
    assert not asked.request("orders", "ListPurchases").HasField("end_time")


def chain() -> contacts_pb2.DecisionChain:
    """kim signs next."""
    kim = contacts_pb2.Signer(
        contact="customers/ann/contacts/kim", display_name="Kim", job_title="Buyer"
    )
    level = contacts_pb2.ApprovalLevel(approval_order=1, signers=[kim])
    return contacts_pb2.DecisionChain(levels=[level], next_signers=[kim.contact])


def _info(status: dict[str, Any]) -> tuple[str, str, dict[str, str]]:
    [info] = [each for each in status["details"] if each["@type"].endswith("ErrorInfo")]
    return info["reason"], info["domain"], info.get("metadata", {})
