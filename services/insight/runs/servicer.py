"""Transport room of runs: rows out as messages. No rule, no SQL."""

from collections.abc import AsyncIterator
from typing import Any

from guanxi.insight.v1 import runs_pb2, runs_pb2_grpc

from services.chassis.caller import current_caller
from services.chassis.clock import BusinessCalendar
from services.chassis.lists.listing import Listing
from services.chassis.store import Store
from services.insight.runs.messages import for_caller
from services.insight.runs.store import runs
from services.insight.runs.watching import watch

__all__ = ["RunServicer"]


class RunServicer(runs_pb2_grpc.RunServiceServicer):
    """Serves guanxi.insight.v1.RunService."""

    def __init__(self, database: Store, calendar: BusinessCalendar) -> None:
        self._store = database
        self._calendar = calendar

    async def GetRun(self, request: runs_pb2.GetRunRequest, context: Any) -> runs_pb2.Run:
        async with self._store.read() as tx:
            return for_caller(await runs.get(tx, request.name), current_caller())

    async def ListRuns(
        self, request: runs_pb2.ListRunsRequest, context: Any
    ) -> runs_pb2.ListRunsResponse:
        async with self._store.read() as tx:
            page = await runs.page(tx, Listing.of(request, self._calendar))
            caller = tx.caller
        return runs_pb2.ListRunsResponse(
            runs=[for_caller(run, caller) for run in page.rows],
            next_page_token=page.next_page_token,
        )

    async def WatchRun(
        self, request: runs_pb2.WatchRunRequest, context: Any
    ) -> AsyncIterator[runs_pb2.Run]:
        async for run in watch(self._store, request.name):
            yield run
