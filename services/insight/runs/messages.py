"""Runs → messages; no rule, no SQL."""

from datetime import datetime
from typing import Final

from google.protobuf.timestamp_pb2 import Timestamp
from guanxi.insight.v1 import runs_pb2

from services.chassis.caller import Caller
from services.chassis.enums import ContractEnum
from services.chassis.timestamps import to_timestamp
from services.insight.runs.model import Run, RunKind, RunState

__all__ = ["for_caller", "to_message"]

_KINDS: Final = ContractEnum(RunKind, runs_pb2.Run.Kind)
_OF_THE_COMPANY: Final = ("customers_done", "customers_total", "error")
_STATES: Final = ContractEnum(RunState, runs_pb2.Run.State)


def to_message(run: Run) -> runs_pb2.Run:
    """The run as callers see it."""
    return runs_pb2.Run(
        name=run.name,
        kind=_KINDS.number(run.kind),
        rule=run.rule,
        state=_STATES.number(run.state),
        customers_done=run.customers_done,
        customers_total=run.customers_total,
        error=run.error,
        create_time=to_timestamp(run.create_time),
        start_time=_time(run.start_time),
        end_time=_time(run.end_time),
        next_try_time=_time(run.next_try_time),
    )


def for_caller(run: Run, caller: Caller) -> runs_pb2.Run:
    """The run as a caller sees it: how many the company has, and what went wrong with some of them,
    only where they see them all."""
    message = to_message(run)
    if not caller.sees_company:
        for field in _OF_THE_COMPANY:
            message.ClearField(field)
    return message


def _time(moment: datetime | None) -> Timestamp | None:
    return None if moment is None else to_timestamp(moment)
