"""Upserts as other systems send them."""

from __future__ import annotations

from typing import Any

import pytest
from guanxi.customer.v1.customers_pb2 import (
    EXTERNAL_ID,
    BatchUpsertCustomersRequest,
    BatchUpsertCustomersResponse,
    Customer,
    CustomerMatch,
    ListCustomersRequest,
    UpsertCustomerRequest,
    UpsertCustomerResponse,
)

from services.chassis.errors import DomainError
from tests.support.office import Desk

CREATED, UPDATED, UNCHANGED = (
    UpsertCustomerResponse.CREATED,
    UpsertCustomerResponse.UPDATED,
    UpsertCustomerResponse.UNCHANGED,
)


def item(*match_by: CustomerMatch.ValueType, id: str = "", **fields: Any) -> UpsertCustomerRequest:
    return UpsertCustomerRequest(
        customer=Customer(**fields), match_by=match_by or (EXTERNAL_ID,), customer_id=id
    )


async def upsert(
    desk: Desk, *match_by: CustomerMatch.ValueType, id: str = "", **fields: Any
) -> UpsertCustomerResponse:
    return await desk.customers.UpsertCustomer(item(*match_by, id=id, **fields))


async def batch(
    desk: Desk, *items: UpsertCustomerRequest, validate_only: bool = False
) -> BatchUpsertCustomersResponse:
    return await desk.customers.BatchUpsertCustomers(
        BatchUpsertCustomersRequest(requests=items, validate_only=validate_only)
    )


async def everybody(desk: Desk) -> list[Customer]:
    return list((await desk.customers.ListCustomers(ListCustomersRequest())).customers)


async def refused(desk: Desk, *match_by: CustomerMatch.ValueType, **fields: Any) -> DomainError:
    with pytest.raises(DomainError) as error:
        await upsert(desk, *match_by, **fields)
    return error.value
