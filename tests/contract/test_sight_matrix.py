"""Who learns what of a row, in every method that contracts call OWNED: its owner, a stranger, their
team, another team, and collaborators who read or work.

A method that isn't in these tables fails; add how one asks about a row with it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from google.protobuf.field_mask_pb2 import FieldMask
from guanxi.customer.v1 import customers_pb2, touchpoints_pb2
from guanxi.events.v1.event_feed_pb2 import Event
from guanxi.insight.v1 import alerts_pb2, facts_pb2, predictions_pb2, rules_pb2, segments_pb2
from guanxi.sales.v1 import orders_pb2
from guanxi.sales.v1.orders_pb2_grpc import OrderServiceStub
from guanxi.sales.v1.products_pb2_grpc import ProductServiceStub
from sqlalchemy import Table, insert

from services.chassis.caller import Caller
from services.chassis.store import WriteTransaction
from services.customer.customers.store import collaborators as customer_collaborators
from services.sales.accounts.store import collaborators as account_collaborators
from services.sales.reactions import CustomerReaction
from tests.support.databases import Databases
from tests.support.insight import TODAY, confirmed, customer_event, instant, running_insight
from tests.support.office import Office
from tests.support.sales import AskedCustomers, create_order, create_product, line
from tests.support.services import RunningService, migrated_database, running_service
from tests.support.sight_matrix import ANY_SCOPE, OWNER, READ_ROW, TEAM, Ask, Matrix, Takes

SYSTEM = Caller.system("tests")


async def let_in(service: RunningService, table: Table, rows: Sequence[str]) -> None:
    """rita reads these customers, wes works on them."""

    async def work(tx: WriteTransaction) -> None:
        for row in rows:
            for subject, access in (("users/rita", "READ"), ("users/wes", "WORK")):
                named = {"customer": f"customers/{row}", "subject": subject, "access": access}
                await tx.run(insert(table).values(named))

    await service.store.write(work, caller=SYSTEM)


def ids(matrix: Matrix) -> list[str]:
    return sorted({row for rows in matrix.rows.values() for row in rows})


# Customer


def part_of(row: str) -> customers_pb2.CreateCustomerRequest:
    """A new customer that is a part of the one there is: that takes no more than to see it."""
    part = customers_pb2.Customer(display_name="Part", parent_organization=f"customers/{row}")
    return customers_pb2.CreateCustomerRequest(customer=part)


def touch(row: str) -> touchpoints_pb2.LogTouchpointRequest:
    return touchpoints_pb2.LogTouchpointRequest(
        parent=f"customers/{row}",
        touchpoint=touchpoints_pb2.Touchpoint(type=touchpoints_pb2.Touchpoint.CALL),
    )


CUSTOMER = {
    "CreateCustomer": Ask(part_of, Takes.SIGHT),
    "BatchCreateCustomers": Ask(
        lambda row: customers_pb2.BatchCreateCustomersRequest(requests=[part_of(row)]), Takes.SIGHT
    ),
    "GetCustomer": Ask(lambda row: customers_pb2.GetCustomerRequest(name=f"customers/{row}")),
    "BatchGetCustomers": Ask(
        lambda row: customers_pb2.BatchGetCustomersRequest(names=[f"customers/{row}"])
    ),
    "ListCustomers": Ask(
        lambda row: customers_pb2.ListCustomersRequest(filter=f'name = "customers/{row}"')
    ),
    "UpdateCustomer": Ask(
        lambda row: customers_pb2.UpdateCustomerRequest(
            customer=customers_pb2.Customer(name=f"customers/{row}", region="North"),
            update_mask=FieldMask(paths=["region"]),
        )
    ),
    "DeleteCustomer": Ask(lambda row: customers_pb2.DeleteCustomerRequest(name=f"customers/{row}")),
    "UndeleteCustomer": Ask(
        lambda row: customers_pb2.UndeleteCustomerRequest(name=f"customers/{row}")
    ),
    "LogTouchpoint": Ask(touch),
    "BatchLogTouchpoints": Ask(
        lambda row: touchpoints_pb2.BatchLogTouchpointsRequest(requests=[touch(row)])
    ),
    "ListTouchpoints": Ask(lambda _: touchpoints_pb2.ListTouchpointsRequest(parent="customers/-")),
}


async def test_of_customers_and_their_journeys(databases: Databases) -> None:
    url = await migrated_database(databases, "customer")
    async with running_service("customer", url, roles=ANY_SCOPE) as service:
        matrix = Matrix(service, CUSTOMER)

        async def prepare() -> None:
            desk = await Office(service).desk()
            for row in ids(matrix):
                await desk.create(row, owner=OWNER, team=TEAM)
            await desk.touchpoints.LogTouchpoint(touch(READ_ROW))
            for row in matrix.rows["UndeleteCustomer"]:
                name = f"customers/{row}"
                await desk.customers.DeleteCustomer(customers_pb2.DeleteCustomerRequest(name=name))
            await let_in(service, customer_collaborators, ids(matrix))

        assert await matrix.wrong(prepare) == {}


# Sales


def order_for(row: str, **more: Any) -> orders_pb2.CreateOrderRequest:
    return create_order(line(1, "5", "a"), customer=f"customers/{row}", **more)


SALES = {
    "CreateOrder": Ask(order_for),
    "BatchCreateOrders": Ask(
        lambda row: orders_pb2.BatchCreateOrdersRequest(requests=[order_for(row)])
    ),
    "GetOrder": Ask(lambda row: orders_pb2.GetOrderRequest(name=f"orders/{row}")),
    "ListOrders": Ask(
        lambda row: orders_pb2.ListOrdersRequest(
            filter=f'name = "orders/{row}"', view=orders_pb2.ORDER_VIEW_FULL
        )
    ),
    "ConfirmOrder": Ask(lambda row: orders_pb2.ConfirmOrderRequest(name=f"orders/{row}")),
    "CancelOrder": Ask(lambda row: orders_pb2.CancelOrderRequest(name=f"orders/{row}")),
    "ListPurchases": Ask(lambda row: orders_pb2.ListPurchasesRequest(parent=f"customers/{row}")),
    "SummarizeOrders": Ask(lambda _: orders_pb2.SummarizeOrdersRequest()),
}


async def test_of_orders_whoever_sold_them(databases: Databases) -> None:
    url = await migrated_database(databases, "sales")
    asked = AskedCustomers()
    given = {"customers": asked}
    async with running_service(
        "sales", url, given=given, roles=ANY_SCOPE, base_currency="EUR"
    ) as service:
        matrix = Matrix(service, SALES)
        asked.missing = {f"customers/{row}" for row in ids(matrix)}
        channel = await service.channel()
        await ProductServiceStub(channel).CreateProduct(create_product("a"))

        async def prepare() -> None:
            await service.store.write(hear, caller=SYSTEM)
            orders = OrderServiceStub(channel)
            for row in ids(matrix):
                # The stranger sold it, and has the credit alone.
                sold = order_for(row, id=row, confirm=row == READ_ROW, seller="users/sam")
                await orders.CreateOrder(sold)
            await let_in(service, account_collaborators, ids(matrix))

        async def hear(tx: WriteTransaction) -> None:
            told = [customer_event(row, owner=OWNER, team=TEAM) for row in ids(matrix)]
            await CustomerReaction().apply(
                tx,
                [
                    Event(
                        position=position,
                        type=message.DESCRIPTOR.full_name,
                        payload=message.SerializeToString(),
                    )
                    for position, message in enumerate(told, start=1)
                ],
            )

        assert await matrix.wrong(prepare) == {}


# Insight

RULE_SIGHT = "what a rule sees is its author's: insight/test_insight_rule_sight.py"
INSIGHT_APART = {
    "CreateRule": RULE_SIGHT,
    "UpdateRule": RULE_SIGHT,
    "DeleteRule": RULE_SIGHT,
    "GetSegmentation": "the company's measure: insight/test_insight_segments.py",
    "WatchAlerts": "a stream: insight/test_insight_watch.py",
}


# A row's alert is named by the server, once there is one.
ALERTS: dict[str, str] = {}


def alert(row: str) -> str:
    return ALERTS.get(row, f"alerts/{row}")


INSIGHT = {
    "GetCustomerFacts": Ask(
        lambda row: facts_pb2.GetCustomerFactsRequest(name=f"customers/{row}/facts")
    ),
    "ListCustomerFacts": Ask(lambda _: facts_pb2.ListCustomerFactsRequest()),
    "ListSegments": Ask(lambda _: segments_pb2.ListSegmentsRequest()),
    "GetCustomerSegment": Ask(
        lambda row: segments_pb2.GetCustomerSegmentRequest(name=f"customers/{row}/segment")
    ),
    "ListSegmentCustomers": Ask(
        lambda _: segments_pb2.ListSegmentCustomersRequest(parent="segments/new-customers")
    ),
    "GetPrediction": Ask(
        lambda row: predictions_pb2.GetPredictionRequest(name=f"customers/{row}/prediction")
    ),
    "ListDueCustomers": Ask(
        lambda _: predictions_pb2.ListDueCustomersRequest(include_overdue=True)
    ),
    "GetRule": Ask(lambda _: rules_pb2.GetRuleRequest(name="rules/missed-cycle")),
    "ListRules": Ask(lambda _: rules_pb2.ListRulesRequest()),
    "PreviewRule": Ask(lambda _: rules_pb2.PreviewRuleRequest(filter="orders_total >= 1")),
    "GetAlert": Ask(lambda row: alerts_pb2.GetAlertRequest(name=alert(row))),
    "ListAlerts": Ask(lambda _: alerts_pb2.ListAlertsRequest()),
    "AcknowledgeAlert": Ask(lambda row: alerts_pb2.AcknowledgeAlertRequest(name=alert(row))),
    "SnoozeAlert": Ask(
        lambda row: alerts_pb2.SnoozeAlertRequest(
            name=alert(row), snooze_end_time=instant(TODAY + timedelta(days=3))
        )
    ),
    "CloseAlert": Ask(
        lambda row: alerts_pb2.CloseAlertRequest(name=alert(row), outcome=alerts_pb2.Alert.WON_BACK)
    ),
}


def rows_of(reply: Any) -> Any:
    """Without the bounds of the segments, which are the company's."""
    if isinstance(reply, segments_pb2.ListSegmentsResponse | segments_pb2.CustomerSegment):
        reply.ClearField("segmentation")
    return reply


async def test_of_what_insight_derives(databases: Databases) -> None:
    """Collaborators are strangers here: no event tells insight of them yet."""
    url = await migrated_database(databases, "insight")
    ALERTS.clear()
    async with running_insight(url, roles=ANY_SCOPE) as insight:
        matrix = Matrix(
            insight.service, INSIGHT, apart=INSIGHT_APART, collaborators=False, told=rows_of
        )

        async def prepare() -> None:
            desk = await insight.desk()
            late = [TODAY - timedelta(days=100 + 30 * k) for k in range(7)]
            await insight.knows(
                *(customer_event(row, owner=OWNER, team=TEAM) for row in ids(matrix)),
                *(
                    confirmed(f"{row}-{number}", row, on)
                    for row in ids(matrix)
                    for number, on in enumerate(late)
                ),
            )
            await desk.run()
            for each in await desk.open_alerts('rule = "rules/lateness"'):
                ALERTS[each.customer.removeprefix("customers/")] = each.name

        assert await matrix.wrong(prepare) == {}
