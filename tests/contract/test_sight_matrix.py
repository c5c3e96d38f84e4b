"""Who learns what of a row, in every method that contracts call OWNED: its owner, a stranger, their
team, another team, collaborators who read or work, and whom a row is given to.

A method that nobody asks with fails: say in tests/support/worlds how one asks about a row with it.
"""

from __future__ import annotations

from typing import Any

from guanxi.insight.v1 import segments_pb2

from tests.support.databases import Databases
from tests.support.sight_matrix import Matrix
from tests.support.worlds.customer import customer_world
from tests.support.worlds.insight import insight_world
from tests.support.worlds.sales import sales_world

RULE_SIGHT = "what a rule sees is its author's: insight/test_insight_rule_sight.py"
CUSTOMER_APART = {
    "CreateView": "a new view is its creator's, whoever they are: customer/test_views.py",
}
INSIGHT_APART = {
    "CreateRule": RULE_SIGHT,
    "UpdateRule": RULE_SIGHT,
    "DeleteRule": RULE_SIGHT,
    "GetSegmentation": "the company's measure: insight/test_insight_segments.py",
    "WatchAlerts": "a stream: insight/test_insight_watch.py",
}


async def test_of_customers_and_their_journeys(databases: Databases) -> None:
    async with customer_world(databases) as world:
        assert await Matrix(world, apart=CUSTOMER_APART).wrong() == {}


async def test_of_orders_whoever_sold_them(databases: Databases) -> None:
    async with sales_world(databases) as world:
        assert await Matrix(world).wrong() == {}


async def test_of_what_insight_derives(databases: Databases) -> None:
    """Collaborators are strangers here: no event tells insight of them yet."""
    async with insight_world(databases) as world:
        matrix = Matrix(world, apart=INSIGHT_APART, collaborators=False, told=rows_of)
        assert await matrix.wrong() == {}


def rows_of(reply: Any) -> Any:
    """Without the bounds of the segments, which are the company's."""
    if isinstance(reply, segments_pb2.ListSegmentsResponse | segments_pb2.CustomerSegment):
        reply.ClearField("segmentation")
    return reply
