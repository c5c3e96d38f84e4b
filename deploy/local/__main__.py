"""`python -m deploy.local`: checks, keys, migrations, four processes, demo data, in that order."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from guanxi.insight.v1.segments_pb2 import RunSegmentationRequest
from guanxi.insight.v1.segments_pb2_grpc import SegmentServiceStub

from cli.connection import CommandError, Connection, connect, plain_errors
from cli.feeds import wait_until_caught_up
from deploy.demo.load import load
from deploy.local.environment import Suite, child_environment, load_suite, with_console_logs
from deploy.local.keys import DevelopmentKeys, development_keys
from deploy.local.preflight import check_folder, check_ports
from deploy.local.problems import CannotStart
from deploy.local.supervision import MODULES, start, wait_until_ready
from deploy.local.welcome import welcome
from services.chassis.settings import SharedSettings

_DEMO_MARK = "demo-customers"


def main(
    demo: Annotated[bool, typer.Option(help="Load generated demo data on the first start.")] = True,
) -> None:
    """Run the whole suite on this machine: four processes, SQLite, no Redis."""
    try:
        _run(demo)
    except (CannotStart, CommandError) as problem:
        print(f"make run: {problem}", file=sys.stderr)
        sys.exit(1)


def _run(demo: bool) -> None:
    suite = load_suite()
    data_dir = suite.gateway.data_dir
    check_folder(data_dir)
    check_ports(suite.listeners())
    keys = development_keys(data_dir, suite.gateway.api_keys_file)
    environment = child_environment(suite, keys)
    _migrate(environment)
    terminal = sys.stdout.isatty()
    supervisord = start(data_dir, with_console_logs(environment, terminal=terminal))
    try:
        _forward_signals(supervisord)
        wait_until_ready(supervisord, suite.admin_addresses())
        customers = asyncio.run(_prepare(suite, keys, data_dir, demo))
        print(_welcome(suite, keys, customers), flush=True)
        supervisord.wait()
    except (CannotStart, CommandError):
        if supervisord.poll() != 0:  # not asked to stop by the user
            raise
    finally:
        _stop(supervisord)


def _migrate(environment: Mapping[str, str]) -> None:
    """Brings the three stores to the revision of this code, side by side."""
    services = [module for name, module in MODULES.items() if name != "gateway"]
    running = [
        subprocess.Popen([sys.executable, "-m", module, "migrate"], env=dict(environment))
        for module in services
    ]
    failed = [module for module, process in zip(services, running, strict=True) if process.wait()]
    if failed:
        raise CannotStart(f"{', '.join(failed)} could not be migrated; the lines above say why.")


async def _prepare(suite: Suite, keys: DevelopmentKeys, data_dir: Path, demo: bool) -> int:
    """Loads the demo on the first start and waits for insight; the number of demo customers."""
    mark = data_dir / _DEMO_MARK
    if mark.exists():
        return int(mark.read_text("utf-8"))
    if not demo:
        return 0
    async with connect(suite.gateway.grpc_listen, keys.api_key) as connection:
        with plain_errors():
            count = await _load_demo(connection, suite.gateway)
    mark.write_text(str(count), "utf-8")
    return count


async def _load_demo(connection: Connection, settings: SharedSettings) -> int:
    print("Loading generated demo data …", flush=True)
    today = settings.business_date or datetime.now(settings.zone).date()
    count = await load(connection, today, settings.base_currency)
    await wait_until_caught_up(connection)
    await SegmentServiceStub(connection.channel).RunSegmentation(
        RunSegmentationRequest(), metadata=connection.metadata, timeout=60
    )
    return count


def _welcome(suite: Suite, keys: DevelopmentKeys, customers: int) -> str:
    return welcome(
        http=suite.gateway.listen,
        grpc=suite.gateway.grpc_listen,
        api_key=keys.api_key,
        data_dir=str(suite.gateway.data_dir),
        guanxi=os.path.relpath(Path(sys.executable).with_name("guanxi")),
        demo_customers=customers,
    )


def _forward_signals(supervisord: subprocess.Popen[bytes]) -> None:
    def forward(number: int, frame: object) -> None:
        if supervisord.poll() is None:
            supervisord.terminate()

    signal.signal(signal.SIGINT, forward)
    signal.signal(signal.SIGTERM, forward)


def _stop(supervisord: subprocess.Popen[bytes]) -> None:
    if supervisord.poll() is None:
        supervisord.terminate()
    supervisord.wait()


if __name__ == "__main__":
    typer.run(main)
