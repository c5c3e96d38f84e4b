"""The one place that knows everything the customer service is made of; reads top to bottom."""

from guanxi.customer.v1.customers_pb2_grpc import add_CustomerServiceServicer_to_server
from guanxi.customer.v1.touchpoints_pb2_grpc import add_TouchpointServiceServicer_to_server
from guanxi.events.v1.event_feed_pb2_grpc import EventFeedStub, add_EventFeedServicer_to_server

from services.chassis.access import Signer, Verifier, load_roles
from services.chassis.client import connect
from services.chassis.clock import BusinessCalendar, Clock, SystemClock
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
from services.customer.customers.servicer import CustomerServicer
from services.customer.metadata import metadata
from services.customer.reactions import FOLLOWS
from services.customer.settings import CustomerSettings
from services.customer.touchpoints.servicer import TouchpointServicer

__all__ = ["PROGRAM", "assemble", "serve"]

PACKAGE = "services.customer"
DOMAIN = "customer"

# Personal fields that readers of the events may have: to name whom an alert is about.
_SHOWN = {"services/insight": {"guanxi.customer.v1.Customer.display_name"}}


async def serve() -> None:
    """Serves until it is told to stop. Raises SettingsError and StartRefused."""
    settings = CustomerSettings.load()
    configure_logging(settings.log_level, settings.log_format, process=DOMAIN)
    verifier = Verifier(settings.token_public_keys, DOMAIN)
    signer = Signer(settings.token_private_key)
    await check_revision(settings.database_url, PACKAGE)
    token = ServiceToken(signer, DOMAIN, audience=FOLLOWS.feed)
    async with connect(settings.sales_target, identity=token) as sales:
        metrics = Metrics()
        parts = await assemble(settings, feed=EventFeedStub(sales), metrics=metrics)
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
    settings: CustomerSettings,
    *,
    clock: Clock | None = None,
    feed: FeedStub | None = None,
    metrics: Metrics | None = None,
) -> Assembly:
    """Opens the store and builds what stands on it. Raises StartRefused."""
    clock, ids = clock or SystemClock(), Uuid7Ids()
    calendar = BusinessCalendar(
        clock, settings.zone, settings.business_date, settings.earliest_date
    )
    store = await Store.open(settings.database_url, metadata=metadata, clock=clock, ids=ids)
    log = await EventLog.open(store)
    customers = CustomerServicer(store, calendar=calendar, ids=ids)
    touchpoints = TouchpointServicer(store, calendar=calendar, ids=ids)
    return Assembly(
        store,
        servicers=[
            (add_CustomerServiceServicer_to_server, customers),
            (add_TouchpointServiceServicer_to_server, touchpoints),
            (add_EventFeedServicer_to_server, EventFeed(log, personal=_SHOWN)),
        ],
        tasks=[
            *upkeep(store, log, settings),
            *FOLLOWS.tasks(store, feed, settings.sales_partitions, metrics),
        ],
        caught_up=FOLLOWS.caught_up(store, feed),
    )


PROGRAM = Program(
    package=PACKAGE,
    settings=CustomerSettings,
    serve=serve,
    assemble=assemble,
    signs=True,
    follows=FOLLOWS,
)
