"""Where temporary folders of tests live: in memory, where the system offers enough of it.

Databases of tests are thrown away, and writing them to a disk was a third of what tests cost.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path
from typing import Final

__all__ = ["use_fast_folder"]

_MEMORY: Final = Path("/dev/shm")  # noqa: S108 - temporary files are made beneath it by tempfile
_LEAST_FREE_BYTES: Final = 4 * 1024**3  # containers often have 64 MB there


def use_fast_folder() -> None:
    """Puts temporary folders of this process and of those it starts into memory, unless somebody
    has said where they are to be, or there is little of it."""
    if os.environ.get("TMPDIR") or not os.access(_MEMORY, os.W_OK | os.X_OK):
        return
    if shutil.disk_usage(_MEMORY).free < _LEAST_FREE_BYTES:
        return
    os.environ["TMPDIR"] = str(_MEMORY)
    tempfile.tempdir = None  # asked for anew at the next use
