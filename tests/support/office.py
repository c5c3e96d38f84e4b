"""The colleagues who call the customer service, each at a desk with its stubs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from guanxi.customer.v1.contacts_pb2_grpc import ContactServiceStub
from guanxi.customer.v1.customers_pb2 import CreateCustomerRequest, Customer
from guanxi.customer.v1.customers_pb2_grpc import CustomerServiceStub
from guanxi.customer.v1.fields_pb2_grpc import CustomFieldServiceStub
from guanxi.customer.v1.search_pb2_grpc import SearchServiceStub
from guanxi.customer.v1.touchpoints_pb2_grpc import TouchpointServiceStub
from guanxi.customer.v1.views_pb2_grpc import ViewServiceStub

from tests.support.services import RunningService


@dataclass(frozen=True, slots=True)
class Desk:
    """What one colleague works with."""

    customers: CustomerServiceStub
    contacts: ContactServiceStub
    touchpoints: TouchpointServiceStub
    fields: CustomFieldServiceStub
    search: SearchServiceStub
    views: ViewServiceStub

    async def create(
        self, customer_id: str = "", display_name: str = "Ann", **fields: Any
    ) -> Customer:
        customer = Customer(display_name=display_name, **fields)
        return await self.customers.CreateCustomer(
            CreateCustomerRequest(customer=customer, customer_id=customer_id)
        )


class Office:
    """The service and the desks of those who call it."""

    def __init__(self, service: RunningService) -> None:
        self.service = service
        self.clock = service.clock

    async def desk(
        self, subject: str = "users/ann", *, role: str = "admin", team: str = "teams/north"
    ) -> Desk:
        channel = await self.service.channel(subject, role=role, team=team)
        return Desk(
            CustomerServiceStub(channel),
            ContactServiceStub(channel),
            TouchpointServiceStub(channel),
            CustomFieldServiceStub(channel),
            SearchServiceStub(channel),
            ViewServiceStub(channel),
        )
