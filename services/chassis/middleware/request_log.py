"""One log line per RPC: method, code, duration, caller, reason. Never what is in a message."""

import time
from typing import Any

from services.chassis.descriptors import Method
from services.chassis.middleware.call import Call, Proceed
from services.chassis.middleware.outcome import OK, outcome_of
from services.chassis.request_lines import RequestLines

__all__ = ["RequestLog"]


class RequestLog:
    """Writes the line when the call has ended, however it ended."""

    def __init__(self, lines: RequestLines, internal_lines: RequestLines) -> None:
        self._lines = lines
        self._internal_lines = internal_lines

    def wrap(self, method: Method, proceed: Proceed) -> Proceed:
        # Services ask each other all the time; what apps ask would drown in it.
        write = self._internal_lines if method.internal else self._lines
        name = method.path

        def log(call: Call, started: float, code: str, reason: str) -> None:
            fields = {
                "method": name,
                "code": code,
                "duration_ms": round((time.perf_counter() - started) * 1000, 3),
                "caller": call.identity.subject if call.identity else "",
                "request_id": call.request_id,
            }
            if reason:
                fields["reason"] = reason
            write("rpc", fields)

        async def run(call: Call) -> Any:
            started = time.perf_counter()
            try:
                reply = await proceed(call)
            except BaseException as error:
                log(call, started, *outcome_of(error, call.context))
                raise
            log(call, started, OK, "")
            return reply

        return run
