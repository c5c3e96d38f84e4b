"""Transport room of alerts: message ↔ model, one transaction per call. No rule, no SQL."""

from collections.abc import AsyncIterator
from typing import Any

from guanxi.insight.v1 import alerts_pb2, alerts_pb2_grpc

from services.chassis.clock import BusinessCalendar
from services.chassis.events.log import EventLog
from services.chassis.lists.listing import Listing
from services.chassis.store import Store, WriteTransaction
from services.chassis.timestamps import from_timestamp
from services.insight.alerts import actions
from services.insight.alerts.messages import outcome_of, to_message
from services.insight.alerts.store import alerts, page_of
from services.insight.alerts.watching import watch

__all__ = ["AlertServicer"]


class AlertServicer(alerts_pb2_grpc.AlertServiceServicer):
    """Serves guanxi.insight.v1.AlertService."""

    def __init__(self, database: Store, log: EventLog, calendar: BusinessCalendar) -> None:
        self._store = database
        self._log = log
        self._calendar = calendar

    async def GetAlert(self, request: alerts_pb2.GetAlertRequest, context: Any) -> alerts_pb2.Alert:
        async with self._store.read() as tx:
            return to_message(await alerts.get(tx, request.name))

    async def ListAlerts(
        self, request: alerts_pb2.ListAlertsRequest, context: Any
    ) -> alerts_pb2.ListAlertsResponse:
        listing = Listing.of(request, self._calendar)
        async with self._store.read() as tx:
            page = await page_of(tx, listing, assigned_to_me=request.assigned_to_me)
        sent = await page.sent(to_message)
        return alerts_pb2.ListAlertsResponse(
            alerts=sent.messages, next_page_token=sent.next_page_token
        )

    async def AcknowledgeAlert(
        self, request: alerts_pb2.AcknowledgeAlertRequest, context: Any
    ) -> alerts_pb2.Alert:
        async def work(tx: WriteTransaction) -> alerts_pb2.Alert:
            return to_message(await actions.acknowledge_alert(tx, request.name, request.etag))

        return await self._store.answer(request, alerts_pb2.Alert, work)

    async def SnoozeAlert(
        self, request: alerts_pb2.SnoozeAlertRequest, context: Any
    ) -> alerts_pb2.Alert:
        until = from_timestamp(request.snooze_end_time, field="snooze_end_time")

        async def work(tx: WriteTransaction) -> alerts_pb2.Alert:
            return to_message(await actions.snooze_alert(tx, request.name, request.etag, until))

        return await self._store.answer(request, alerts_pb2.Alert, work)

    async def CloseAlert(
        self, request: alerts_pb2.CloseAlertRequest, context: Any
    ) -> alerts_pb2.Alert:
        outcome = outcome_of(request.outcome)

        async def work(tx: WriteTransaction) -> alerts_pb2.Alert:
            alert = await actions.close_alert(tx, request.name, request.etag, outcome, request.note)
            return to_message(alert)

        return await self._store.answer(request, alerts_pb2.Alert, work)

    async def WatchAlerts(
        self, request: alerts_pb2.WatchAlertsRequest, context: Any
    ) -> AsyncIterator[alerts_pb2.WatchAlertsResponse]:
        async for change in watch(
            self._store, self._log, request.resume_token, assigned_to_me=request.assigned_to_me
        ):
            yield change
