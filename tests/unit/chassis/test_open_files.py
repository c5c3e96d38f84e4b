"""The process asks for as many open files as its connections need."""

from __future__ import annotations

import subprocess
import sys


def allowed_after_asking(soft: int, hard: int, wanted: int) -> list[int]:
    """What a process with these limits is told, and what its limit is then."""
    code = (
        "import resource as r;"
        f"r.setrlimit(r.RLIMIT_NOFILE, ({soft}, {hard}));"
        "from services.chassis.process.open_files import allow_open_files as allow;"
        f"print(allow({wanted}), r.getrlimit(r.RLIMIT_NOFILE)[0])"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return [int(number) for number in out.stdout.split()]


def test_more_are_asked_for_where_they_may_be_had() -> None:
    assert allowed_after_asking(100, 500, wanted=300) == [300, 300]


def test_no_more_than_there_may_be() -> None:
    assert allowed_after_asking(100, 200, wanted=300) == [200, 200]


def test_nobody_is_left_with_fewer_than_before() -> None:
    assert allowed_after_asking(400, 500, wanted=300) == [400, 400]
