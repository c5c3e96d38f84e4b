"""What `make lint` refuses in the rooms of a slice, shown on a line that does it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
READS_THE_CLOCK = '''\
"""A module."""

from datetime import UTC, datetime

NOW = datetime.now(UTC)
'''


@pytest.mark.parametrize(
    ("file", "refused"),
    [
        ("services/sales/quotes/model.py", True),
        ("services/sales/quotes/store/quotes.py", True),
        ("services/chassis/clock.py", False),
        ("gateway/__main__.py", False),
    ],
)
def test_no_slice_reads_the_clock(file: str, refused: bool) -> None:
    ruff = [sys.executable, "-m", "ruff", "check", "--quiet", "--stdin-filename", file, "-"]
    checked = subprocess.run(
        ruff, cwd=ROOT, input=READS_THE_CLOCK, capture_output=True, text=True, check=False
    )
    assert ("TID251" in checked.stdout) is refused, checked.stdout
