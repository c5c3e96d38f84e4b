"""What the gateway counts beyond the chassis' metrics: HTTP requests, limits, open streams.

Labels are route templates and status codes, never paths.
"""

from dataclasses import dataclass

from prometheus_client import Counter, Gauge, Histogram

from services.chassis.http.connections import Ended
from services.chassis.metrics import Metrics

__all__ = ["GatewayMetrics", "HttpSeries"]

_BUCKETS_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


@dataclass(frozen=True, slots=True)
class HttpSeries:
    """The series of one route and status."""

    handled: Counter
    seconds: Histogram


class GatewayMetrics:
    """The gateway's series, in the registry of the process."""

    def __init__(self, process: Metrics) -> None:
        registry = process.registry
        self.rpc = process
        self.limited = Counter(
            "guanxi_gateway_limited_total",
            "Requests refused because of their caller's rate.",
            registry=registry,
        )
        self.limits_skipped = Counter(
            "guanxi_gateway_limits_skipped_total",
            "Requests let through unchecked because Redis did not answer.",
            registry=registry,
        )
        self.open_streams = Gauge(
            "guanxi_gateway_open_streams", "HTTP streams being served.", registry=registry
        )
        self.streams_refused = Counter(
            "guanxi_gateway_streams_refused_total",
            "Streams refused because their caller had as many as one may.",
            registry=registry,
        )
        self.connections = Gauge(
            "guanxi_http_connections", "HTTP connections that are open.", registry=registry
        )
        self._ended = Counter(
            "guanxi_http_connections_ended_total",
            "HTTP connections that the gateway ended, by the reason it had.",
            ["reason"],
            registry=registry,
        )
        self._handled = Counter(
            "guanxi_http_handled_total",
            "HTTP requests ended, by route template and status.",
            ["method", "route", "status"],
            registry=registry,
        )
        self._seconds = Histogram(
            "guanxi_http_handling_seconds",
            "Time from an HTTP request's head to the end of its answer; not of streams.",
            ["method", "route"],
            buckets=_BUCKETS_SECONDS,
            registry=registry,
        )
        self._series: dict[tuple[str, str, int], HttpSeries] = {}

    def connection_ended(self, reason: Ended) -> None:
        """Counts one connection that was ended."""
        self._ended.labels(reason).inc()

    def http_handled(self, method: str, route: str, status: int, seconds: float | None) -> None:
        """Counts one ended request; a stream has no seconds."""
        series = self._series.get((method, route, status))
        if series is None:
            series = HttpSeries(
                self._handled.labels(method, route, str(status)),
                self._seconds.labels(method, route),
            )
            self._series[method, route, status] = series
        series.handled.inc()
        if seconds is not None:
            series.seconds.observe(seconds)
