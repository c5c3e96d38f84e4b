"""How much memory the tests of one process may take."""

from __future__ import annotations

import resource
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

MOST_MEGABYTES = 2_048


def peak_megabytes() -> int:
    """The most that this process has ever had in memory."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak // (1024 * 1024 if sys.platform == "darwin" else 1024)


@contextmanager
def bounded_memory(name: str, most_megabytes: int = MOST_MEGABYTES) -> Iterator[None]:
    """Fails what is inside where the process outgrows the bound with it, and not again after it."""
    before = peak_megabytes()
    yield
    after = peak_megabytes()
    if after > max(before, most_megabytes):
        pytest.fail(
            f"{name} let its process grow from {before} to {after} MB, beyond {most_megabytes} MB",
            pytrace=False,
        )
