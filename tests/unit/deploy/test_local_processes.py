"""What `make run` starts ends with it, and what it waits for ends with what it started."""

from __future__ import annotations

import asyncio
import os
import signal
import stat
from pathlib import Path

import pytest

from deploy.local.preflight import check_folder
from deploy.local.problems import CannotStart
from deploy.local.processes import python, until_told_to_stop
from deploy.local.supervision import unless_ended


def test_the_data_folder_is_made_for_its_owner_only(tmp_path: Path) -> None:
    folder = tmp_path / "of" / "guanxi"
    umask = os.umask(0o022)
    try:
        check_folder(folder)
    finally:
        os.umask(umask)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


async def test_work_does_not_wait_for_processes_that_are_gone() -> None:
    async with python("-c", "", environment=os.environ) as process:
        with pytest.raises(CannotStart, match="The supervisor ended"):
            await unless_ended(process, asyncio.sleep(60))


async def test_work_that_is_done_first_gives_its_result() -> None:
    async with python("-c", "input()", environment=os.environ) as process:
        assert await unless_ended(process, asyncio.sleep(0, "done")) == "done"
    assert process.returncode == -signal.SIGTERM


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
async def test_a_signal_ends_the_work_and_a_second_one_does_not_cut_its_end_short(
    number: signal.Signals,
) -> None:
    said: list[str] = []

    async def work() -> None:
        try:
            os.kill(os.getpid(), number)
            await asyncio.sleep(60)
        finally:
            os.kill(os.getpid(), number)
            await asyncio.sleep(0.05)
            said.append("ended")

    async with asyncio.timeout(5):
        await until_told_to_stop(work())
    assert said == ["ended"]
