"""The one place that knows everything the insight service is made of; reads top to bottom."""

from collections.abc import Mapping

from guanxi.events.v1.event_feed_pb2_grpc import EventFeedStub, add_EventFeedServicer_to_server
from guanxi.insight.v1.alerts_pb2_grpc import add_AlertServiceServicer_to_server
from guanxi.insight.v1.facts_pb2_grpc import add_FactServiceServicer_to_server
from guanxi.insight.v1.feeds_pb2_grpc import add_FeedServiceServicer_to_server
from guanxi.insight.v1.predictions_pb2_grpc import add_PredictionServiceServicer_to_server
from guanxi.insight.v1.rules_pb2_grpc import add_RuleServiceServicer_to_server
from guanxi.insight.v1.runs_pb2_grpc import add_RunServiceServicer_to_server
from guanxi.insight.v1.segments_pb2_grpc import add_SegmentServiceServicer_to_server
from guanxi.sales.v1.people_pb2_grpc import PeopleServiceStub

from services.chassis import money
from services.chassis.caller import Caller
from services.chassis.clock import BusinessCalendar, Clock, SystemClock
from services.chassis.errors import StartRefused
from services.chassis.events.caught_up import CaughtUp
from services.chassis.events.feed import EventFeed
from services.chassis.events.log import EventLog
from services.chassis.events.puller import FeedStub
from services.chassis.ids import Uuid7Ids
from services.chassis.metrics import Metrics
from services.chassis.people.told import PeopleStub
from services.chassis.process.commands import Assembly, Channels, Program
from services.chassis.process.upkeep import upkeep
from services.chassis.store import Store, WriteTransaction
from services.insight.alerts.servicer import AlertServicer
from services.insight.alerts.store import live_counts
from services.insight.asof.views import DayViews
from services.insight.engine.aside import Asides
from services.insight.engine.caught_up import CaughtUpWithRules
from services.insight.engine.edition import edition
from services.insight.engine.evaluation import Evaluation
from services.insight.engine.following import Following
from services.insight.engine.generations import Generations
from services.insight.engine.reactions import DeriveFacts
from services.insight.engine.reader import ReadingPlan
from services.insight.engine.requested_runs import RequestedRuns
from services.insight.engine.segmenting import Segmenting
from services.insight.engine.stored_runs import StoredRuns
from services.insight.engine.sweep import Sweep
from services.insight.facts.servicer import FactServicer
from services.insight.feeds import actions as feed_actions
from services.insight.feeds import store as feed_store
from services.insight.feeds.model import consumer_of
from services.insight.feeds.places import FeedPlaces
from services.insight.feeds.servicer import FeedServicer
from services.insight.metadata import metadata
from services.insight.people.actions import directory
from services.insight.predictions.servicer import PredictionServicer
from services.insight.rules import defaults
from services.insight.rules.servicer import RuleServicer
from services.insight.runs.servicer import RunServicer
from services.insight.segments.servicer import SegmentServicer
from services.insight.settings import InsightSettings
from services.insight.sources.registered import DERIVATION

__all__ = ["PROGRAM", "assemble"]

PACKAGE = "services.insight"
DOMAIN = "insight"
CUSTOMER, SALES = "customer", "sales"


def targets(settings: InsightSettings) -> dict[str, str]:
    """The services it calls, and where they are."""
    return {CUSTOMER: settings.customer_target, SALES: settings.sales_target}


async def connected(settings: InsightSettings, channels: Channels, metrics: Metrics) -> Assembly:
    """What it serves with channels to them. Raises StartRefused."""
    feeds = {name: EventFeedStub(channel) for name, channel in channels.items()}
    people = PeopleServiceStub(channels[SALES])
    return await assemble(settings, feeds=feeds, people=people, metrics=metrics)


async def assemble(
    settings: InsightSettings,
    *,
    clock: Clock | None = None,
    feeds: Mapping[str, FeedStub] | None = None,
    people: PeopleStub | None = None,
    metrics: Metrics | None = None,
) -> Assembly:
    """Opens the store and builds what stands on it. Raises StartRefused."""
    clock, ids, feeds = clock or SystemClock(), Uuid7Ids(), feeds or {}
    derivation = DERIVATION.consumer(DOMAIN)
    currency = settings.base_currency
    exponent = money.exponent(currency)
    calendar = BusinessCalendar(
        clock, settings.zone, settings.business_date, settings.earliest_date
    )
    store = await Store.open(settings.database_url, metadata=metadata, clock=clock, ids=ids)
    log = await EventLog.open(store)
    generations = Generations(store, await _prepared(store, currency, derivation), derivation)

    evaluation = Evaluation(calendar, currency, exponent)
    asides = Asides(metrics)
    segmenting = Segmenting(store, evaluation, asides, edition(calendar.zone))
    requested = RequestedRuns(store, segmenting, derivation)
    places = FeedPlaces(store, feeds, clock)
    plan = ReadingPlan(
        feeds,
        derivation,
        DERIVATION.types,
        settings.feed_partitions,
        settings.batch_events,
        clock,
        metrics,
    )
    following = Following(store, evaluation, asides, generations, segmenting, plan, places)
    sweep = Sweep(
        store,
        evaluation,
        generations,
        segmenting,
        following,
        places,
        idle_seconds=settings.idle_seconds,
    )

    views = DayViews(store, evaluation, generations, metrics)

    def reaction_of(generation: int) -> DeriveFacts:
        return DeriveFacts(generation, evaluation, asides)

    facts = FactServicer(views, currency=currency)
    segments = SegmentServicer(views, requested.request, currency=currency)
    rules = RuleServicer(
        store,
        views,
        directory(store, people),
        live_alerts=live_counts,
        currency=currency,
        ids=ids,
    )
    reading = FeedServicer(store, places, clock, derivation=derivation, reaction_of=reaction_of)
    return Assembly(
        store,
        servicers=[
            (add_FactServiceServicer_to_server, facts),
            (add_SegmentServiceServicer_to_server, segments),
            (add_PredictionServiceServicer_to_server, PredictionServicer(views)),
            (add_RuleServiceServicer_to_server, rules),
            (add_AlertServiceServicer_to_server, AlertServicer(store, log, calendar)),
            (add_RunServiceServicer_to_server, RunServicer(store, calendar)),
            (add_FeedServiceServicer_to_server, reading),
            (add_EventFeedServicer_to_server, EventFeed(log)),
        ],
        tasks=[
            *upkeep(store, log, settings),
            following.run,
            requested.answer_all,
            StoredRuns(store, evaluation, asides, derivation).run,
            sweep.run,
        ],
        caught_up=CaughtUpWithRules(
            store,
            CaughtUp(store, feeds, lambda _: consumer_of(generations.active)),
            generations,
        ),
    )


async def _prepared(store: Store, currency: str, derivation: str) -> int:
    """A new database gets its first generation and the default rules, and one that was derived
    otherwise a rebuild beside what is there; returns the active generation.

    Raises StartRefused where amounts are counted in another base currency already.
    """

    async def work(tx: WriteTransaction) -> tuple[int, str]:
        if await feed_store.prepare(tx, currency, derivation):
            await defaults.install(tx)
        used = await feed_store.base_currency(tx)
        if used == currency:
            await feed_actions.follow_derivation(tx, derivation)
        return await feed_store.active_generation(tx), used

    generation, used = await store.write(work, caller=Caller.system(DOMAIN))
    if used != currency:
        await store.close()
        raise StartRefused(
            f"GUANXI_BASE_CURRENCY is {currency}, and the amounts in the database are counted in "
            f"{used}; a base currency can't be changed"
        )
    return generation


PROGRAM = Program(
    package=PACKAGE,
    settings=InsightSettings,
    targets=targets,
    connected=connected,
    assemble=assemble,
)
