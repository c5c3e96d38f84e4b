"""Which code is broken on purpose, and which tests must notice. No mutation, no process here."""

from dataclasses import dataclass
from typing import Final

__all__ = ["AREAS", "Area"]


@dataclass(frozen=True, slots=True)
class Area:
    """Modules as globs, and what is run for each of their mutants: unit tests first, they are
    faster. SQLite stands for both engines, so that a mutant costs seconds."""

    name: str
    modules: tuple[str, ...]
    tests: tuple[str, ...]


# They compare the tables of every service with what its migrations make.
_TABLES: Final = "tests/contract/test_migrations.py"

AREAS: Final = (
    Area(
        "customer",
        ("services/customer/*/**/*.py",),
        ("tests/unit/customer", "tests/contract/customer", _TABLES),
    ),
    Area(
        "sales",
        ("services/sales/*/**/*.py",),
        ("tests/unit/sales", "tests/contract/sales", _TABLES),
    ),
    Area(
        "insight",
        ("services/insight/*/**/*.py",),
        ("tests/unit/insight", "tests/contract/insight", _TABLES),
    ),
    # The chassis is judged by its own tests: services' would notice more, and take longer.
    Area(
        "lists",
        ("services/chassis/lists/**/*.py", "services/chassis/batches.py"),
        ("tests/unit/chassis",),
    ),
    Area(
        "store",
        ("services/chassis/store/*.py",),
        ("tests/unit/chassis", _TABLES),
    ),
    Area(
        "events",
        ("services/chassis/events/*.py", "services/chassis/background.py"),
        ("tests/unit/chassis",),
    ),
    Area(
        "transcoding",
        ("gateway/transcode/*.py", "gateway/templates.py", "gateway/routes.py"),
        ("tests/unit/gateway", "tests/contract/gateway"),
    ),
    Area("imports", ("cli/imports/*.py",), ("tests/unit/cli",)),
)
