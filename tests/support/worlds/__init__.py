"""The services as all their methods are asked: a world for each."""

from tests.support.worlds.customer import customer_world
from tests.support.worlds.insight import insight_world
from tests.support.worlds.sales import sales_world

__all__ = ["WORLDS"]

WORLDS = {"customer": customer_world, "sales": sales_world, "insight": insight_world}
