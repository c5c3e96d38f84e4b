"""Transport room of briefs: the name of a customer in, the brief out."""

from typing import Any

import grpc
from guanxi.gateway.v1.briefs_pb2 import CallBrief, GetCallBriefRequest
from guanxi.gateway.v1.briefs_pb2_grpc import BriefServiceServicer

from gateway.briefs.compose import compose
from gateway.briefs.day import day_of
from gateway.briefs.parts import Sources, ask
from services.chassis.clock import BusinessCalendar
from services.chassis.errors import Kind

__all__ = ["BriefServicer"]

_SUFFIX = "/callBrief"
# Without the customer there is nothing to brief on; a service that doesn't answer is another thing.
_NO_CUSTOMER = frozenset({Kind.NOT_FOUND, Kind.PERMISSION_DENIED})


class BriefServicer(BriefServiceServicer):
    """Answers GetCallBrief from three services."""

    def __init__(self, sources: Sources, calendar: BusinessCalendar) -> None:
        self._sources = sources
        self._calendar = calendar

    async def GetCallBrief(
        self, request: GetCallBriefRequest, context: grpc.aio.ServicerContext[Any, Any]
    ) -> CallBrief:
        """Composes the brief; an unknown customer is an error, a missing part is not."""
        day = day_of(request.as_of, self._calendar)
        parts = await ask(self._sources, request.name.removesuffix(_SUFFIX), day)
        error = parts.missing.get(CallBrief.PROFILE)
        if error is not None and error.kind in _NO_CUSTOMER:
            raise error
        for error in parts.missing.values():
            # What a service finds wrong was in this request: nothing else is asked for.
            if error.kind is Kind.INVALID_ARGUMENT:
                raise error
        return compose(request.name, parts, self._calendar.zone, day)
