"""The one place that knows everything the customer service is made of; reads top to bottom."""

from guanxi.customer.v1.contacts_pb2_grpc import add_ContactServiceServicer_to_server
from guanxi.customer.v1.customers_pb2_grpc import add_CustomerServiceServicer_to_server
from guanxi.customer.v1.fields_pb2_grpc import add_CustomFieldServiceServicer_to_server
from guanxi.customer.v1.search_pb2_grpc import add_SearchServiceServicer_to_server
from guanxi.customer.v1.touchpoints_pb2_grpc import add_TouchpointServiceServicer_to_server
from guanxi.customer.v1.views_pb2_grpc import add_ViewServiceServicer_to_server
from guanxi.events.v1.event_feed_pb2_grpc import EventFeedStub, add_EventFeedServicer_to_server
from guanxi.sales.v1.people_pb2_grpc import PeopleServiceStub

from services.chassis.clock import BusinessCalendar, Clock, SystemClock
from services.chassis.events.feed import EventFeed
from services.chassis.events.log import EventLog
from services.chassis.events.puller import FeedStub
from services.chassis.ids import Uuid7Ids
from services.chassis.metrics import Metrics
from services.chassis.process.commands import Assembly, Channels, Program
from services.chassis.process.upkeep import upkeep
from services.chassis.store import Store
from services.customer.colleagues.actions import PeopleStub, directory
from services.customer.contacts.servicer import ContactServicer
from services.customer.contacts.store import contacts as contacts_store
from services.customer.customers.servicer import CustomerServicer
from services.customer.customers.store import customers as customers_store
from services.customer.fields.actions import FieldIndexes
from services.customer.fields.model import FieldResource
from services.customer.fields.servicer import CustomFieldServicer
from services.customer.metadata import metadata
from services.customer.reactions import FOLLOWS
from services.customer.search.actions import Indexing
from services.customer.search.servicer import SearchServicer
from services.customer.settings import CustomerSettings
from services.customer.touchpoints.servicer import TouchpointServicer
from services.customer.views.servicer import ViewServicer

__all__ = ["FIELD_COLUMNS", "PROGRAM", "assemble"]

PACKAGE = "services.customer"

# Personal fields that readers of the events may have: to name whom an alert is about.
_SHOWN = {"services/insight": {"guanxi.customer.v1.Customer.display_name"}}


# Where what is declared is kept, for each resource that has custom fields.
FIELD_COLUMNS = {
    FieldResource.CUSTOMER: customers_store.c.custom_fields,
    FieldResource.CONTACT: contacts_store.c.custom_fields,
}


def targets(settings: CustomerSettings) -> dict[str, str]:
    """The services it calls, and where they are."""
    return {FOLLOWS.feed: settings.sales_target}


async def connected(settings: CustomerSettings, channels: Channels, metrics: Metrics) -> Assembly:
    """What it serves with channels to them. Raises StartRefused."""
    sales = channels[FOLLOWS.feed]
    people, feed = PeopleServiceStub(sales), EventFeedStub(sales)
    return await assemble(settings, people=people, feed=feed, metrics=metrics)


async def assemble(
    settings: CustomerSettings,
    *,
    clock: Clock | None = None,
    people: PeopleStub | None = None,
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
    customers = CustomerServicer(
        store, directory(store, people), calendar=calendar, ids=ids, country=settings.country
    )
    contacts = ContactServicer(store, calendar=calendar, ids=ids, country=settings.country)
    touchpoints = TouchpointServicer(store, calendar=calendar, ids=ids)
    fields = CustomFieldServicer(store, calendar=calendar)
    views = ViewServicer(store, calendar=calendar, ids=ids)
    return Assembly(
        store,
        servicers=[
            (add_CustomerServiceServicer_to_server, customers),
            (add_ContactServiceServicer_to_server, contacts),
            (add_SearchServiceServicer_to_server, SearchServicer(store)),
            (add_TouchpointServiceServicer_to_server, touchpoints),
            (add_CustomFieldServiceServicer_to_server, fields),
            (add_ViewServiceServicer_to_server, views),
            (add_EventFeedServicer_to_server, EventFeed(log, personal=_SHOWN)),
        ],
        tasks=[
            *upkeep(store, log, settings),
            FieldIndexes(store, FIELD_COLUMNS).run,
            Indexing(store).run,
            *FOLLOWS.tasks(store, feed, settings.sales_partitions, metrics),
        ],
        caught_up=FOLLOWS.caught_up(store, feed),
    )


PROGRAM = Program(
    package=PACKAGE,
    settings=CustomerSettings,
    targets=targets,
    connected=connected,
    assemble=assemble,
    follows=FOLLOWS,
)
