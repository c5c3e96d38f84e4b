"""The start of the suite: checks, keys, migrations, four processes, demo data, in that order."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from cli.connection import CommandError
from deploy.local.demo import demo_customers
from deploy.local.environment import Suite, child_environment, load_suite, with_console_logs
from deploy.local.keys import DevelopmentKeys, development_keys
from deploy.local.preflight import check_folder, check_ports
from deploy.local.problems import CannotStart
from deploy.local.processes import until_told_to_stop
from deploy.local.supervision import migrate, supervised, unless_ended, wait_until_ready
from deploy.local.welcome import welcome


def command() -> None:
    """Parses the command line and runs the suite until Ctrl-C."""
    typer.run(_main)


def _main(
    demo: Annotated[
        bool | None,
        typer.Option(
            help="Load generated demo data; if nothing is said, on the first start only.",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Run the whole suite on this machine: four processes, SQLite, no Redis."""
    try:
        asyncio.run(until_told_to_stop(_run(demo)))
    except (CannotStart, CommandError) as problem:
        print(f"make run: {problem}", file=sys.stderr)
        sys.exit(1)


async def _run(demo: bool | None) -> None:
    suite = load_suite()
    data_dir = suite.gateway.data_dir
    check_folder(data_dir)
    check_ports(suite.listeners())
    keys = development_keys(data_dir, suite.gateway.api_keys_file)
    environment = child_environment(suite, keys)
    await migrate(environment)
    environment = with_console_logs(environment, terminal=sys.stdout.isatty())
    async with supervised(data_dir, environment) as supervisord:
        customers = await unless_ended(supervisord, _prepare(suite, keys, demo))
        print(_welcome(suite, keys, customers), flush=True)
        if await supervisord.wait() != 0:
            raise CannotStart("The supervisor ended; the lines above say why.")


async def _prepare(suite: Suite, keys: DevelopmentKeys, demo: bool | None) -> int:
    """Returns when the suite can be used; the number of demo customers in it."""
    await wait_until_ready(suite.admin_addresses())
    return await demo_customers(suite.gateway, keys.api_key, wanted=demo)


def _welcome(suite: Suite, keys: DevelopmentKeys, customers: int) -> str:
    return welcome(
        http=suite.gateway.listen,
        grpc=suite.gateway.grpc_listen,
        api_key=keys.api_key,
        data_dir=str(suite.gateway.data_dir),
        guanxi=os.path.relpath(Path(sys.executable).with_name("guanxi")),
        demo_customers=customers,
    )
