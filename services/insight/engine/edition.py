"""Which edition this process is: what facts, scores and rules depend on beside records and the day.
Replicas of one edition need one run of a day among them."""

from collections.abc import Iterator
from hashlib import blake2b
from importlib.resources import files
from importlib.resources.abc import Traversable
from zoneinfo import ZoneInfo

__all__ = ["edition"]

_PACKAGES = ("services.chassis", "services.insight")


def edition(zone: ZoneInfo) -> str:
    """A short hash of the code that computes, and of the zone whose days it counts.

    Of all of it: what is no formula costs a run too many after an upgrade, and a formula that were
    forgotten would leave yesterday's facts.
    """
    code = blake2b(str(zone).encode(), digest_size=16)
    for package in _PACKAGES:
        for path, source in sorted(_sources(files(package), package)):
            code.update(path.encode())
            code.update(source.read_bytes())
    return code.hexdigest()


def _sources(folder: Traversable, path: str) -> Iterator[tuple[str, Traversable]]:
    for each in folder.iterdir():
        if each.is_dir():
            yield from _sources(each, f"{path}/{each.name}")
        elif each.name.endswith(".py"):
            yield f"{path}/{each.name}", each
