"""Services the gateway answers itself are reached like any other, with all that goes with it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date
from typing import Any

import grpc
import pytest
import pytest_asyncio
from guanxi.customer.v1 import customers_pb2, customers_pb2_grpc
from guanxi.gateway.v1 import briefs_pb2, briefs_pb2_grpc, company_pb2, company_pb2_grpc

from gateway.company.servicer import CompanyServicer
from services.chassis.client import connect
from services.chassis.errors import Kind
from services.chassis.identity import ForwardedToken
from services.chassis.status import from_rpc_error
from tests.support.gateway import RunningGateway, reason_of, running_gateway

pytestmark = pytest.mark.asyncio(loop_scope="module")


class Briefs:
    """Composes a brief of one part: the profile, asked for in the caller's name."""

    def __init__(self) -> None:
        self.customer_target = ""

    async def GetCallBrief(self, request: Any, _context: Any) -> briefs_pb2.CallBrief:
        async with connect(self.customer_target, identity=ForwardedToken()) as channel:
            stub: Any = customers_pb2_grpc.CustomerServiceStub(channel)
            name = request.name.removesuffix("/callBrief")
            customer = await stub.GetCustomer(customers_pb2.GetCustomerRequest(name=name))
        return briefs_pb2.CallBrief(name=request.name, customer=customer)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def composing(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[RunningGateway]:
    briefs = Briefs()
    company = CompanyServicer(
        base_currency="CNY", time_zone="Asia/Shanghai", earliest_date=date(1998, 5, 1)
    )
    own = (
        (briefs_pb2_grpc.add_BriefServiceServicer_to_server, briefs),
        (company_pb2_grpc.add_CompanyServiceServicer_to_server, company),
    )
    async with running_gateway(tmp_path_factory.mktemp("gateway"), own=own) as running:
        briefs.customer_target = running.customer_target
        running.customers.answers["GetCustomer"] = customers_pb2.Customer(display_name="Ann")
        yield running


async def test_over_rest_it_may_ask_the_services_in_its_callers_name(
    composing: RunningGateway,
) -> None:
    answer = await composing.http.get(
        "/v1/customers/ann/callBrief", headers={"x-request-id": "r-1"}
    )
    assert answer.json()["customer"] == {"displayName": "Ann"}
    assert composing.customers.last.metadata["x-request-id"] == "r-1"


async def test_over_grpc_too(composing: RunningGateway) -> None:
    stub: Any = briefs_pb2_grpc.BriefServiceStub(await composing.channel())
    request = briefs_pb2.GetCallBriefRequest(name="customers/ann/callBrief")
    brief = await stub.GetCallBrief(request, metadata=composing.metadata)
    assert brief.customer.display_name == "Ann"
    with pytest.raises(grpc.aio.AioRpcError, match="UNAUTHENTICATED"):
        await stub.GetCallBrief(request)


async def test_it_says_the_companys_currency_time_zone_and_earliest_date(
    composing: RunningGateway,
) -> None:
    answer = await composing.http.get("/v1/company")
    assert answer.json() == {
        "baseCurrencyCode": "CNY",
        "timeZone": "Asia/Shanghai",
        "earliestDate": {"year": 1998, "month": 5, "day": 1},
    }
    stub: Any = company_pb2_grpc.CompanyServiceStub(await composing.channel())
    request = company_pb2.GetCompanyRequest()
    company = await stub.GetCompany(request, metadata=composing.metadata)
    assert company.time_zone == "Asia/Shanghai"


async def test_its_requests_are_validated_by_the_contract(composing: RunningGateway) -> None:
    answer = await composing.http.get("/v1/customers/-x-/callBrief")
    assert answer.status_code == 400
    assert answer.json()["error"]["details"][1]["fieldViolations"][0]["field"] == "name"


async def test_bytes_that_are_no_request_are_refused_with_a_reason(
    composing: RunningGateway,
) -> None:
    call: Any = (await composing.channel()).unary_unary(
        "/guanxi.gateway.v1.BriefService/GetCallBrief"
    )
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await call(b"\x0a\x05ab", metadata=composing.metadata)
    error = from_rpc_error(refused.value)
    assert (error.kind, error.reason) == (Kind.INVALID_ARGUMENT, "MESSAGE_MALFORMED")


async def test_one_that_is_not_served_yet_says_so(gateway: RunningGateway) -> None:
    answer = await gateway.http.get("/v1/customers/ann/callBrief")
    assert (answer.status_code, reason_of(answer)) == (501, "METHOD_NOT_IMPLEMENTED")
