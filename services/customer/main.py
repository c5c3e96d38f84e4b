"""The one place that knows everything the customer service is made of; reads top to bottom."""

from guanxi.customer.v1.customers_pb2_grpc import add_CustomerServiceServicer_to_server
from guanxi.customer.v1.touchpoints_pb2_grpc import add_TouchpointServiceServicer_to_server
from guanxi.events.v1.event_feed_pb2_grpc import EventFeedStub, add_EventFeedServicer_to_server

from services.chassis.access import Signer, Verifier, load_roles
from services.chassis.client import Channel, connect
from services.chassis.clock import BusinessCalendar, Clock, SystemClock
from services.chassis.events.caught_up import CaughtUp
from services.chassis.events.erasing import Compaction
from services.chassis.events.feed import EventFeed
from services.chassis.events.log import EventLog
from services.chassis.events.parking import replay_all
from services.chassis.events.puller import FeedStub, Puller
from services.chassis.events.sequencer import Sequencer
from services.chassis.identity import ServiceToken
from services.chassis.ids import Uuid7Ids
from services.chassis.logging import configure_logging
from services.chassis.metrics import Metrics
from services.chassis.process import server
from services.chassis.process.commands import Assembly, Program
from services.chassis.store import Store
from services.chassis.store.migrate import check_revision
from services.chassis.store.purging import Purging
from services.customer.customers.servicer import CustomerServicer
from services.customer.metadata import metadata
from services.customer.reactions import DERIVATION, SalesReaction
from services.customer.settings import CustomerSettings
from services.customer.touchpoints.servicer import TouchpointServicer

__all__ = ["PROGRAM", "assemble", "follow_sales", "replay", "serve"]

PACKAGE = "services.customer"
DOMAIN = "customer"
SALES = "sales"

# Personal fields that readers of the events may have: to name whom an alert is about.
_SHOWN = {"services/insight": {"guanxi.customer.v1.Customer.display_name"}}

# While orders are imported, fewer and larger commits leave the processor to the import.
_EVENTS_AT_ONCE = 2_000


async def serve() -> None:
    """Serves until it is told to stop. Raises SettingsError and StartRefused."""
    settings = CustomerSettings.load()
    configure_logging(settings.log_level, settings.log_format, process=DOMAIN)
    verifier = Verifier(settings.token_public_keys, DOMAIN)
    signer = Signer(settings.token_private_key)
    await check_revision(settings.database_url, PACKAGE)
    token = ServiceToken(signer, DOMAIN, audience=SALES)
    async with connect(settings.sales_target, identity=token) as sales:
        metrics = Metrics()
        parts = await assemble(settings, feed=EventFeedStub(sales))
        puller = follow_sales(parts.store, sales, settings.sales_partitions, metrics)
        await server.serve(
            settings,
            domain=DOMAIN,
            servicers=parts.servicers,
            token_verifier=verifier,
            roles=load_roles(),
            store=parts.store,
            tasks=[*parts.tasks, puller.run],
            metrics=metrics,
            caught_up=parts.caught_up,
        )


async def assemble(
    settings: CustomerSettings, *, clock: Clock | None = None, feed: FeedStub | None = None
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
            Sequencer(log).run,
            Purging(store).run,
            *Compaction.tasks(store, settings.event_retention_days),
        ],
        caught_up=CaughtUp(
            store, {SALES: feed} if feed else {}, lambda _: DERIVATION.consumer(DOMAIN)
        ),
    )


def follow_sales(
    store: Store, sales: Channel, partitions: int, metrics: Metrics | None = None
) -> Puller:
    """What reads the events of sales, by which customers move along the lifecycle."""
    reaction = SalesReaction()
    return Puller(
        store,
        SALES,
        EventFeedStub(sales),
        consumer=DOMAIN,
        partitions=partitions,
        reaction=reaction,
        on_epoch_change=reaction.forget,
        metrics=metrics,
        max_events=_EVENTS_AT_ONCE,
        derivation=DERIVATION,
    )


async def replay() -> None:
    """Applies the parked events again, oldest first; what still fails stays parked.

    Raises SettingsError and StartRefused.
    """
    async with PROGRAM.opened_store() as store:
        await replay_all(store, SalesReaction())


PROGRAM = Program(
    package=PACKAGE,
    settings=CustomerSettings,
    serve=serve,
    assemble=assemble,
    signs=True,
    more={"replay": replay},
)
