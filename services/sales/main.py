"""The one place that knows everything the sales service is made of; reads top to bottom."""

from guanxi.customer.v1.customers_pb2_grpc import CustomerServiceStub
from guanxi.events.v1.event_feed_pb2_grpc import EventFeedStub, add_EventFeedServicer_to_server
from guanxi.sales.v1.orders_pb2_grpc import add_OrderServiceServicer_to_server
from guanxi.sales.v1.people_pb2_grpc import add_PeopleServiceServicer_to_server
from guanxi.sales.v1.products_pb2_grpc import add_ProductServiceServicer_to_server

from services.chassis.caller import Caller
from services.chassis.clock import BusinessCalendar, Clock, SystemClock
from services.chassis.errors import StartRefused
from services.chassis.events.feed import EventFeed
from services.chassis.events.log import EventLog
from services.chassis.events.puller import FeedStub
from services.chassis.ids import Uuid7Ids
from services.chassis.metrics import Metrics
from services.chassis.process.commands import Assembly, Channels, Program
from services.chassis.process.upkeep import upkeep
from services.chassis.store import Store
from services.sales.accounts.actions import Accounts, CustomerStub
from services.sales.metadata import metadata
from services.sales.orders import store as order_store
from services.sales.orders.servicer import OrderServicer
from services.sales.people.servicer import PeopleServicer
from services.sales.products.servicer import ProductServicer
from services.sales.reactions import FOLLOWS
from services.sales.settings import SalesSettings

__all__ = ["PROGRAM", "assemble"]

PACKAGE = "services.sales"
DOMAIN = "sales"


def targets(settings: SalesSettings) -> dict[str, str]:
    """The services it calls, and where they are."""
    return {FOLLOWS.feed: settings.customer_target}


async def connected(settings: SalesSettings, channels: Channels, metrics: Metrics) -> Assembly:
    """What it serves with channels to them. Raises StartRefused."""
    customer = channels[FOLLOWS.feed]
    return await assemble(
        settings,
        customers=CustomerServiceStub(customer),
        feed=EventFeedStub(customer),
        metrics=metrics,
    )


async def assemble(
    settings: SalesSettings,
    *,
    clock: Clock | None = None,
    customers: CustomerStub | None = None,
    feed: FeedStub | None = None,
    metrics: Metrics | None = None,
) -> Assembly:
    """Opens the store and builds what stands on it. Raises StartRefused."""
    clock, ids = clock or SystemClock(), Uuid7Ids()
    calendar = BusinessCalendar(
        clock, settings.zone, settings.business_date, settings.earliest_date
    )
    store = await Store.open(settings.database_url, metadata=metadata, clock=clock, ids=ids)
    await _expect_base_currency(store, settings.base_currency)
    log = await EventLog.open(store)
    orders = OrderServicer(
        store,
        Accounts(store, customers),
        base_currency=settings.base_currency,
        calendar=calendar,
        ids=ids,
    )
    people = PeopleServicer(store, calendar=calendar, ids=ids)
    products = ProductServicer(store, calendar=calendar, ids=ids)
    return Assembly(
        store,
        servicers=[
            (add_OrderServiceServicer_to_server, orders),
            (add_PeopleServiceServicer_to_server, people),
            (add_ProductServiceServicer_to_server, products),
            (add_EventFeedServicer_to_server, EventFeed(log)),
        ],
        tasks=[
            *upkeep(store, log, settings),
            *FOLLOWS.tasks(store, feed, settings.customer_partitions, metrics),
        ],
        caught_up=FOLLOWS.caught_up(store, feed),
    )


async def _expect_base_currency(store: Store, base_currency: str) -> None:
    """Sums in two base currencies would be sums of nothing. Raises StartRefused."""
    async with store.read(caller=Caller.system(DOMAIN)) as tx:
        used = await order_store.base_currency_in_use(tx)
    if used not in (None, base_currency):
        await store.close()
        raise StartRefused(
            f"GUANXI_BASE_CURRENCY is {base_currency}, and the orders in the database are counted "
            f"in {used}; a base currency can't be changed"
        )


PROGRAM = Program(
    package=PACKAGE,
    settings=SalesSettings,
    targets=targets,
    connected=connected,
    assemble=assemble,
    follows=FOLLOWS,
)
