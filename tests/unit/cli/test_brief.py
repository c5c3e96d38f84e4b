"""`guanxi brief` says of a customer what is known, and nothing of what isn't."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from google.type.money_pb2 import Money
from guanxi.customer.v1.customers_pb2 import Customer
from guanxi.gateway.v1 import briefs_pb2, briefs_pb2_grpc, company_pb2, company_pb2_grpc
from guanxi.insight.v1 import facts_pb2
from guanxi.insight.v1.segments_pb2 import CustomerSegment
from typer.testing import CliRunner

from cli.main import app
from tests.support.cli_gateway import reached

# Stubs are typed for grpc.aio; the command runs a loop of its own, so this serves in threads.
_Services: Any = type(
    "_Services",
    (briefs_pb2_grpc.BriefServiceServicer, company_pb2_grpc.CompanyServiceServicer),
    {},
)


class Gateway(_Services):  # type: ignore[misc]  # of several kinds, see above
    """Knows of one customer what a test sets."""

    def __init__(self) -> None:
        self.segment = CustomerSegment()

    def GetCallBrief(self, request: Any, context: Any) -> briefs_pb2.CallBrief:
        return briefs_pb2.CallBrief(customer=Customer(display_name="Ada"), segment=self.segment)

    def GetCompany(self, request: Any, context: Any) -> company_pb2.Company:
        return company_pb2.Company(base_currency_code="EUR", time_zone="UTC")


@pytest.fixture
def gateway(monkeypatch: pytest.MonkeyPatch) -> Iterator[Gateway]:
    gateway = Gateway()
    with reached(
        monkeypatch,
        gateway,
        briefs_pb2_grpc.add_BriefServiceServicer_to_server,
        company_pb2_grpc.add_CompanyServiceServicer_to_server,
    ):
        yield gateway


def line_of_segment() -> str:
    output = CliRunner().invoke(app, ["brief", "ada"], env={"COLUMNS": "200"}).output
    return next(line for line in output.splitlines() if line.startswith("Segment"))


def test_a_prospect_is_a_prospect_and_no_more(gateway: Gateway) -> None:
    nothing = Money(currency_code="EUR")
    gateway.segment = CustomerSegment(segment=facts_pb2.PROSPECTS, spend_total=nothing)
    assert line_of_segment() == "Segment: prospects"


def test_a_buyer_is_told_in_full(gateway: Gateway) -> None:
    gateway.segment = CustomerSegment(
        segment=facts_pb2.CHAMPIONS,
        value_tier=facts_pb2.HIGH,
        activity=facts_pb2.ACTIVE,
        r_score=5,
        f_score=4,
        m_score=3,
        spend_total=Money(currency_code="EUR", units=1200),
        purchase_days=7,
    )
    told = "Segment: champions, high value, active (R5 F4 M3, 1,200.00 EUR on 7 days)"
    assert line_of_segment() == told
