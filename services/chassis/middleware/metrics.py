"""Counts RPCs and measures how long they take, per method and code."""

import time
from typing import Any

from services.chassis.descriptors import Method
from services.chassis.metrics import Metrics
from services.chassis.middleware.call import Call, Proceed
from services.chassis.middleware.outcome import OK, outcome_of

__all__ = ["RpcMetrics"]


class RpcMetrics:
    """Keeps one series per method and code that has occurred."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics

    def wrap(self, method: Method, proceed: Proceed) -> Proceed:
        started_total = self._metrics.rpc_started.labels(method.path)
        # Finding a labelled series costs more than counting in it.
        handled = {OK: self._metrics.rpc_handled_series(method.path, OK)}

        def count(code: str, started: float) -> None:
            series = handled.get(code)
            if series is None:
                series = handled[code] = self._metrics.rpc_handled_series(method.path, code)
            series.observe(time.perf_counter() - started)

        async def run(call: Call) -> Any:
            started = time.perf_counter()
            started_total.inc()
            try:
                reply = await proceed(call)
            except BaseException as error:
                count(outcome_of(error, call.context)[0], started)
                raise
            count(OK, started)
            return reply

        return run
