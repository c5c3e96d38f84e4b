"""Transport room of briefs: the name of a customer in, the brief out."""

from datetime import tzinfo
from typing import Any

import grpc
from guanxi.gateway.v1.briefs_pb2 import CallBrief, GetCallBriefRequest
from guanxi.gateway.v1.briefs_pb2_grpc import BriefServiceServicer

from gateway.briefs.compose import compose
from gateway.briefs.parts import Sources, ask
from services.chassis.errors import Kind

__all__ = ["BriefServicer"]

_SUFFIX = "/callBrief"
# Without the customer there is nothing to brief on; a service that doesn't answer is another thing.
_NO_CUSTOMER = frozenset({Kind.NOT_FOUND, Kind.PERMISSION_DENIED, Kind.INVALID_ARGUMENT})


class BriefServicer(BriefServiceServicer):
    """Answers GetCallBrief from three services."""

    def __init__(self, sources: Sources, zone: tzinfo) -> None:
        self._sources = sources
        self._zone = zone

    async def GetCallBrief(
        self, request: GetCallBriefRequest, context: grpc.aio.ServicerContext[Any, Any]
    ) -> CallBrief:
        """Composes the brief; an unknown customer is an error, a missing part is not."""
        as_of = request.as_of if request.HasField("as_of") else None
        parts = await ask(self._sources, request.name.removesuffix(_SUFFIX), as_of)
        error = parts.missing.get(CallBrief.PROFILE)
        if error is not None and error.kind in _NO_CUSTOMER:
            raise error
        return compose(request.name, parts, self._zone)
