"""The one place that knows everything the sales service is made of; reads top to bottom."""

from guanxi.customer.v1.customers_pb2_grpc import CustomerServiceStub
from guanxi.events.v1.event_feed_pb2_grpc import EventFeedStub, add_EventFeedServicer_to_server
from guanxi.sales.v1.orders_pb2_grpc import add_OrderServiceServicer_to_server
from guanxi.sales.v1.products_pb2_grpc import add_ProductServiceServicer_to_server

from services.chassis.access import Signer, Verifier, load_roles
from services.chassis.caller import Caller
from services.chassis.client import connect
from services.chassis.clock import BusinessCalendar, Clock, SystemClock
from services.chassis.errors import StartRefused
from services.chassis.events.feed import EventFeed
from services.chassis.events.log import EventLog
from services.chassis.events.puller import FeedStub
from services.chassis.identity import ServiceToken
from services.chassis.ids import Uuid7Ids
from services.chassis.logging import configure_logging
from services.chassis.metrics import Metrics
from services.chassis.process import server
from services.chassis.process.commands import Assembly, Program
from services.chassis.process.upkeep import upkeep
from services.chassis.store import Store
from services.chassis.store.migrate import check_revision
from services.sales.accounts.actions import Accounts, CustomerStub
from services.sales.metadata import metadata
from services.sales.orders import store as order_store
from services.sales.orders.servicer import OrderServicer
from services.sales.products.servicer import ProductServicer
from services.sales.reactions import FOLLOWS
from services.sales.settings import SalesSettings

__all__ = ["PROGRAM", "assemble", "serve"]

PACKAGE = "services.sales"
DOMAIN = "sales"


async def serve() -> None:
    """Serves until it is told to stop. Raises SettingsError and StartRefused."""
    settings = SalesSettings.load()
    configure_logging(settings.log_level, settings.log_format, process=DOMAIN)
    verifier = Verifier(settings.token_public_keys, DOMAIN)
    signer = Signer(settings.token_private_key)
    await check_revision(settings.database_url, PACKAGE)
    token = ServiceToken(signer, DOMAIN, audience=FOLLOWS.feed)
    async with connect(settings.customer_target, identity=token) as customer:
        metrics = Metrics()
        parts = await assemble(
            settings,
            customers=CustomerServiceStub(customer),
            feed=EventFeedStub(customer),
            metrics=metrics,
        )
        await server.serve(
            settings,
            domain=DOMAIN,
            servicers=parts.servicers,
            token_verifier=verifier,
            roles=load_roles(),
            store=parts.store,
            tasks=parts.tasks,
            metrics=metrics,
            caught_up=parts.caught_up,
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
    products = ProductServicer(store, calendar=calendar, ids=ids)
    return Assembly(
        store,
        servicers=[
            (add_OrderServiceServicer_to_server, orders),
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
    serve=serve,
    assemble=assemble,
    signs=True,
    follows=FOLLOWS,
)
