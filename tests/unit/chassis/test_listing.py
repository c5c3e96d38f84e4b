"""What a list is asked for travels whole: whatever else a request says belongs to its pages."""

from __future__ import annotations

from datetime import date
from zoneinfo import ZoneInfo

import pytest
from guanxi.sales.v1 import orders_pb2
from sqlalchemy import Column, Integer, LargeBinary, MetaData, Table, Text

from services.chassis.clock import BusinessCalendar, SystemClock
from services.chassis.lists.filters import INT, STRING
from services.chassis.lists.listing import Listing
from services.chassis.lists.paging import Query
from services.chassis.store import Name

BERLIN = ZoneInfo("Europe/Berlin")
CALENDAR = BusinessCalendar(SystemClock(), BERLIN, date(2026, 3, 1))


def test_a_request_is_read_with_the_day_and_zone_of_the_company() -> None:
    request = orders_pb2.ListOrdersRequest(
        filter="a = 1", order_by="name", page_size=7, page_token="t"
    )
    assert Listing.of(request, CALENDAR) == Listing(
        "a = 1",
        "name",
        7,
        "t",
        {},
        "guanxi.sales.v1.ListOrdersRequest",
        date(2026, 3, 1),
        BERLIN,
    )


def test_whatever_else_a_request_says_is_an_argument_of_its_pages() -> None:
    full = orders_pb2.ListOrdersRequest(view=orders_pb2.ORDER_VIEW_FULL)
    assert Listing.of(full, CALENDAR).arguments == {"view": str(orders_pb2.ORDER_VIEW_FULL)}
    since = orders_pb2.ListPurchasesRequest(parent="customers/ann")
    since.start_time.seconds = 1
    assert Listing.of(since, CALENDAR).arguments == {
        "parent": "customers/ann",
        "start_time": "0801",
    }


TABLE = Table(
    "things",
    MetaData(),
    Column("name", Name, primary_key=True),
    Column("title", Text, nullable=False),
    Column("count", Integer, nullable=False),
    Column("content", LargeBinary),
)


def test_a_list_is_declared_by_the_names_of_its_columns() -> None:
    query = Query.of(TABLE, filter=("title", "count"), order=("count",), default_order="count")
    assert {name: each.type for name, each in query.fields.items()} == {
        "title": STRING,
        "count": INT,
    }
    assert (query.order, query.tie_breaker) == ({"count": TABLE.c.count}, TABLE.c.name)


def test_what_can_not_be_searched_is_no_filter() -> None:
    with pytest.raises(TypeError, match=r"things\.content"):
        Query.of(TABLE, filter=("content",), order=(), default_order="name")
