"""The suite's Prometheus metrics: their names, labels and buckets, all in one place.

Labels come from fixed sets (methods, codes, feeds, partitions), never from requests.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    GCCollector,
    Histogram,
    PlatformCollector,
    ProcessCollector,
)

if TYPE_CHECKING:
    from services.chassis.store.connections import PoolUse

__all__ = ["Metrics", "RpcSeries"]

_BUCKETS_SECONDS = (
    0.0005,
    0.001,
    0.0025,
    0.005,
    0.01,
    0.025,
    0.05,
    0.1,
    0.25,
    0.5,
    1.0,
    2.5,
    5.0,
    10.0,
)


@dataclass(frozen=True, slots=True)
class RpcSeries:
    """The series of one method and code."""

    handled: Counter
    seconds: Histogram

    def observe(self, seconds: float) -> None:
        self.handled.inc()
        self.seconds.observe(seconds)


class Metrics:
    """One process's metrics and the registry that exposes them."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        PlatformCollector(registry=self.registry)
        GCCollector(registry=self.registry)
        self.rpc_started = Counter(
            "guanxi_rpc_started_total", "RPCs begun.", ["method"], registry=self.registry
        )
        self.rpc_handled = Counter(
            "guanxi_rpc_handled_total",
            "RPCs ended, by canonical code.",
            ["method", "code"],
            registry=self.registry,
        )
        self.rpc_seconds = Histogram(
            "guanxi_rpc_handling_seconds",
            "Time from an RPC's start to its end.",
            ["method", "code"],
            buckets=_BUCKETS_SECONDS,
            registry=self.registry,
        )
        self.event_lag_seconds = Gauge(
            "guanxi_event_lag_seconds",
            "Age of the oldest event of a feed that has not been applied.",
            ["feed", "partition"],
            registry=self.registry,
        )
        self.event_lag_positions = Gauge(
            "guanxi_event_lag_positions",
            "Events of a feed that have not been applied.",
            ["feed", "partition"],
            registry=self.registry,
        )
        self.events_beyond_head = Gauge(
            "guanxi_event_beyond_head_positions",
            "Positions of a feed that were applied and that it has no more: its store was restored "
            "and its epoch not renewed.",
            ["feed", "partition"],
            registry=self.registry,
        )
        self.background_failures = Counter(
            "guanxi_background_failures_total",
            "Times a background task failed and was tried again.",
            ["task"],
            registry=self.registry,
        )
        self.events_applied = Counter(
            "guanxi_events_applied_total", "Events applied.", ["feed"], registry=self.registry
        )
        self.events_parked = Counter(
            "guanxi_events_parked_total",
            "Events set aside because they could not be applied.",
            ["feed"],
            registry=self.registry,
        )
        self._pool = Gauge(
            "guanxi_pool_connections",
            "Connections to the database: all there are, busy ones, and writers in the queue.",
            ["pool", "state"],
            registry=self.registry,
        )

    def rpc_handled_series(self, method: str, code: str) -> RpcSeries:
        """The series to count a method's outcome in."""
        return RpcSeries(
            self.rpc_handled.labels(method, code), self.rpc_seconds.labels(method, code)
        )

    def watch_pool(self, use: "Callable[[], PoolUse]") -> None:
        """Shows how busy a store is, as it is when the metrics are read."""
        self._pool.labels("readers", "all").set_function(lambda: use().readers)
        self._pool.labels("readers", "busy").set_function(lambda: use().readers_busy)
        self._pool.labels("writers", "all").set_function(lambda: use().writers)
        self._pool.labels("writers", "busy").set_function(lambda: use().writers_busy)
        self._pool.labels("writers", "waiting").set_function(lambda: use().writers_waiting)
