"""What is told of requests that break rules, and how long telling it takes."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from typing import Any

import pytest
from guanxi.customer.v1.customers_pb2 import (
    BatchCreateCustomersRequest,
    BatchGetCustomersRequest,
    CreateCustomerRequest,
    Customer,
)

from services.chassis.batches import broken_items
from services.chassis.descriptors import methods_of
from services.chassis.errors import DomainError
from services.chassis.middleware.call import Call
from services.chassis.middleware.validation import Validation
from tests.support.contact_points import emails, phones

METHODS = {method.name: method for method in methods_of("guanxi.customer.v1.CustomerService")}
VALIDATION = Validation()
GOOD = CreateCustomerRequest(customer=Customer(display_name="Ann"))
# 20 phones and 20 e-mails that are none, and 64 labels whose key and value are too long.
WRONG = CreateCustomerRequest(
    customer=Customer(
        phones=phones("x") * 20,
        emails=emails("x") * 20,
        labels={f"{number:>80}": "x" * 300 for number in range(64)},
    )
)


async def validated(method: str, request: Any) -> Mapping[int, DomainError]:
    """The items the handler finds set aside."""

    async def handle(_: Call) -> Mapping[int, DomainError]:
        return broken_items.get({})

    call = Call(METHODS[method], request, None, ())  # type: ignore[arg-type]  # nobody asks it
    found: Mapping[int, DomainError] = await VALIDATION.wrap(METHODS[method], handle)(call)
    return found


async def refusal(method: str, request: Any) -> DomainError:
    with pytest.raises(DomainError) as refused:
        await validated(method, request)
    return refused.value


async def test_twenty_wrong_fields_are_told_and_the_others_counted() -> None:
    error = await refusal("CreateCustomer", WRONG)
    assert len(error.violations) == 20
    assert error.metadata == {"violations_omitted": "148"}
    assert error.message.endswith("(and 167 more)")


async def test_of_a_long_request_the_first_wrong_field_is_told() -> None:
    names = ["customers/a"] * 500 + ["nobody"] * 500
    error = await refusal("BatchGetCustomers", BatchGetCustomersRequest(names=names))
    assert [each.field for each in error.violations] == ["names[500]"]


async def test_an_item_that_is_wrong_is_set_aside_with_all_that_is_wrong_with_it() -> None:
    request = BatchCreateCustomersRequest(requests=[GOOD, WRONG, GOOD, CreateCustomerRequest()])
    broken = await validated("BatchCreateCustomers", request)
    assert {index: len(each.violations) for index, each in broken.items()} == {1: 20, 3: 1}
    assert broken[3].violations[0].field == "customer"


async def test_what_is_wrong_beside_the_items_refuses_the_batch() -> None:
    request = BatchCreateCustomersRequest(requests=[WRONG, GOOD], request_id="x" * 200)
    error = await refusal("BatchCreateCustomers", request)
    assert [each.field for each in error.violations] == ["request_id"]
    many = BatchCreateCustomersRequest(requests=[CreateCustomerRequest()] * 1001)
    assert [each.field for each in (await refusal("BatchCreateCustomers", many)).violations] == [
        "requests"
    ]


async def test_a_batch_that_breaks_fifty_thousand_rules_lets_others_have_their_turn() -> None:
    request = BatchCreateCustomersRequest(requests=[WRONG] * 300)
    asked = asyncio.create_task(validated("BatchCreateCustomers", request))
    longest, last = 0.0, time.thread_time()
    while not asked.done():
        await asyncio.sleep(0)
        now = time.thread_time()
        longest, last = max(longest, now - last), now
    broken = await asked
    assert len(broken) == 300
    assert [len(broken[index].violations) for index in (0, 19, 20, 299)] == [20, 20, 1, 1]
    # It took 4 s; 15 ms at a time are meant. In time of the processor, which others use too.
    assert longest < 0.3
