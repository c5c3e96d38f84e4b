"""The history of one service's tables: its revisions in one line, and whose code each still allows.

A revision is a file of `migrations/versions/`. The first is `0001`; every later one is named by its
slice, so that two people's never get the same name, and says `oldest_code`: the oldest revision
whose code may run on the database after it.
"""

import re
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path
from typing import Self

from alembic.script import Script, ScriptDirectory

from services.chassis.errors import StartRefused

__all__ = ["FIRST", "History"]

FIRST = "0001"

_NAME = re.compile(r"[a-z][a-z0-9_]*_\d{4}")
_MAX_NAME = 32  # as long as Alembic's own column is


@dataclass(frozen=True, slots=True)
class History:
    """The revisions of a package (`services.sales`), oldest first."""

    package: str
    script: ScriptDirectory
    revisions: tuple[Script, ...]

    @classmethod
    def of(cls, package: str) -> Self:
        """Reads the scripts. Raises StartRefused where they are no history, and says what to do."""
        folder = _folder(package)
        script = ScriptDirectory(str(folder), version_locations=[str(folder / "versions")])
        scripts = _read(package, script)
        problem = (
            _doubled(folder, scripts)
            or _branched(scripts)
            or next(filter(None, map(_misnamed, scripts)), "")
            or _without_oldest_code(scripts)
        )
        if problem:
            raise StartRefused(f"the migrations of {package}: {problem}")
        return cls(package, script, scripts)

    @property
    def newest(self) -> str:
        """The revision that this code was written for."""
        return self.revisions[-1].revision

    def knows(self, revision: str | None) -> bool:
        """True also of no revision, which every history begins with."""
        return revision is None or any(each.revision == revision for each in self.revisions)

    def allowed(self) -> tuple[str, ...]:
        """The revisions whose code may run on a database at the newest, oldest first.

        What one revision has closed the later ones don't open again.
        """
        names = [each.revision for each in self.revisions]
        oldest = max(names.index(each.module.oldest_code) for each in self.revisions)
        return tuple(names[oldest:])


def _folder(package: str) -> Path:
    spec = find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise ValueError(f"{package} is not a package")
    return Path(spec.submodule_search_locations[0]) / "migrations"


def _read(package: str, script: ScriptDirectory) -> tuple[Script, ...]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what Alembic warns of is refused below
            return tuple(reversed(tuple(script.walk_revisions())))
    except KeyError as missing:
        raise StartRefused(
            f"the migrations of {package}: {missing} is a down_revision, and no file is that one"
        ) from missing


def _doubled(folder: Path, scripts: Sequence[Script]) -> str:
    taken = {Path(each.path).name for each in scripts}
    left = sorted(path.name for path in (folder / "versions").glob("*.py"))
    for name in left:
        if name not in taken:
            return f"{name} has a revision that another file has, too: give it the next number"
    return ""


def _branched(scripts: Sequence[Script]) -> str:
    for each in scripts:
        if isinstance(each.down_revision, tuple):
            return f"{_name(each)} follows several revisions; each follows one"
    for one, other in pairwise(sorted(scripts, key=_place)):
        if one.down_revision == other.down_revision:
            return (
                f"{_name(one)} and {_name(other)} both follow {one.down_revision}. Let the one "
                "that is merged last come after the other: set its down_revision to the newest "
                "revision of the other's branch, and its oldest_code if that one changed it"
            )
    return ""


def _place(script: Script) -> tuple[str, str]:
    return str(script.down_revision), script.revision


def _misnamed(script: Script) -> str:
    revision, file = script.revision, Path(script.path).stem
    if script.down_revision is None:
        return "" if revision == FIRST else f"the first revision is {FIRST}, not {revision}"
    if not _NAME.fullmatch(revision) or len(revision) > _MAX_NAME:
        return (
            f"{_name(script)} is named by its slice and a number, like quotes_0001, "
            f"in at most {_MAX_NAME} characters"
        )
    if not re.fullmatch(rf"\d{{8}}_{revision}", file):
        return f"the file of {revision} is versions/<yyyymmdd>_{revision}.py, not {file}.py"
    return ""


def _without_oldest_code(scripts: Sequence[Script]) -> str:
    before: list[str] = []
    for each in scripts:
        before.append(each.revision)
        oldest = getattr(each.module, "oldest_code", None)
        if oldest not in before:
            return (
                f"{_name(each)} has oldest_code = {oldest!r}; it says the oldest revision whose "
                f"code may run on the database after it, one of {', '.join(before)}"
            )
    return ""


def _name(script: Script) -> str:
    return f"{script.revision} ({Path(script.path).name})"
