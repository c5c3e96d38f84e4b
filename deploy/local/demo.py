"""The demo data of a folder, over all its starts: loaded once, and completed where a start was
stopped in the middle."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from datetime import date, datetime
from pathlib import Path

from guanxi.insight.v1.segments_pb2 import RunSegmentationRequest
from guanxi.insight.v1.segments_pb2_grpc import SegmentServiceStub

from cli.connection import connect, plain_errors
from cli.feeds import wait_until_caught_up
from deploy.demo.load import load
from gateway.settings import GatewaySettings

_SEGMENTATION_SECONDS = 60


@dataclass(frozen=True, slots=True)
class DemoRecord:
    """What an earlier start left behind.

    `day` is the one that the data counts back from, empty where no demo was wanted; a start on a
    later day goes on with it, because another day would be other data. `customers` is 0 until all
    of it is loaded.
    """

    day: str
    customers: int = 0


async def demo_customers(settings: GatewaySettings, api_key: str, *, wanted: bool | None) -> int:
    """Loads what is missing of the demo and waits for insight; the number of demo customers.

    `wanted` None loads on the first start, and on later ones what that one began.

    Raises:
        CommandError: the suite refused something or stayed unreachable.
    """
    path = settings.data_dir / "demo.json"
    record = _read(path)
    if record is not None and record.customers:
        return record.customers
    if wanted is False or (wanted is None and record is not None and not record.day):
        _write(path, record or DemoRecord(day=""))
        return 0
    day = record.day if record is not None and record.day else _today(settings).isoformat()
    _write(path, DemoRecord(day))
    count = await _load(settings, api_key, date.fromisoformat(day))
    _write(path, DemoRecord(day, count))
    return count


async def _load(settings: GatewaySettings, api_key: str, day: date) -> int:
    print("Loading generated demo data …", flush=True)
    async with connect(settings.grpc_listen, api_key) as connection:
        with plain_errors():
            count = await load(connection, day, settings.base_currency)
            await wait_until_caught_up(connection)
            await SegmentServiceStub(connection.channel).RunSegmentation(
                RunSegmentationRequest(),
                metadata=connection.metadata,
                timeout=_SEGMENTATION_SECONDS,
            )
    return count


def _today(settings: GatewaySettings) -> date:
    return settings.business_date or datetime.now(settings.zone).date()


def _read(path: Path) -> DemoRecord | None:
    return DemoRecord(**json.loads(path.read_text("utf-8"))) if path.exists() else None


def _write(path: Path, record: DemoRecord) -> None:
    """Whole or not at all, whenever the start is stopped."""
    beside = path.with_name(f".{path.name}")
    beside.write_text(json.dumps(asdict(record)), "utf-8")
    os.replace(beside, path)
