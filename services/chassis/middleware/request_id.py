"""Gives every request an id: the caller's, if it is fit for a log line, or a new one."""

import re
from typing import Any

from services.chassis import context
from services.chassis.descriptors import Method
from services.chassis.ids import Ids
from services.chassis.middleware.call import Call, Proceed
from services.chassis.wire import REQUEST_ID_KEY

__all__ = ["RequestId"]

_FIT = re.compile(r"[A-Za-z0-9._:/+=-]{1,128}")


class RequestId:
    """Takes the id from the metadata, so that one id follows a request through all services."""

    def __init__(self, ids: Ids) -> None:
        self._ids = ids

    def wrap(self, method: Method, proceed: Proceed) -> Proceed:
        fit, new = _FIT.fullmatch, self._ids.new

        async def run(call: Call) -> Any:
            given = call.header(REQUEST_ID_KEY)
            call.request_id = given if fit(given) else new()
            context.request_id.set(call.request_id)
            return await proceed(call)

        return run
