"""What is let off a rule says why, where it stands: a linter or type checker told to be silent, a
file that is longer than a page of the project."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROOMS = ("services", "gateway", "cli", "deploy", "protos", "tests")
LINES = 300
TOLD_TO_BE_SILENT = re.compile(r"#\s*(noqa|type:\s*ignore)")
WITH_A_REASON = re.compile(r"#\s*(noqa: [A-Z0-9, ]+ - \w|type: ignore\[[a-z, -]+\]\s+# \w)")
WHY_SO_LONG = re.compile(rf"(?m)^(//|#)? ?Over {LINES} lines because \w")


def written(*suffixes: str) -> Iterator[Path]:
    for room in ROOMS:
        yield from (each for each in (ROOT / room).rglob("*") if each.suffix in suffixes)


def test_whoever_silences_a_check_says_why() -> None:
    silent = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in written(".py")
        if path != Path(__file__)
        for number, line in enumerate(path.read_text().splitlines(), start=1)
        if TOLD_TO_BE_SILENT.search(line) and not WITH_A_REASON.search(line)
    ]
    assert silent == []


def test_a_long_file_says_why_it_stays_whole() -> None:
    files = [*written(".py", ".proto"), ROOT / "pyproject.toml"]
    long = {path: path.read_text() for path in files if path.read_text().count("\n") > LINES}
    assert long
    unexplained = [path for path, text in long.items() if not WHY_SO_LONG.search(text[:1_000])]
    assert unexplained == []


@pytest.mark.parametrize(
    ("line", "explained"),
    [
        ("f(x)  # noqa: S311 - no secret rests on it", True),
        ("f(x)  # type: ignore[arg-type]  # any", True),
        ("f(x)  # noqa: S311", False),
        ("f(x)  # noqa", False),
        ("f(x)  # type: ignore[arg-type]", False),
        ("f(x)  # type: ignore  # because", False),
    ],
)
def test_a_reason_is_told_from_none(line: str, explained: bool) -> None:
    assert TOLD_TO_BE_SILENT.search(line)
    assert bool(WITH_A_REASON.search(line)) is explained
