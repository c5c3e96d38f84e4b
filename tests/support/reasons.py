"""The reasons of errors that code gives, as its source says."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

__all__ = ["REASON", "reasons_of", "trees"]

ROOT = Path(__file__).parents[2]
REASON = re.compile(r"[A-Z]+(_[A-Z]+)+")
# An answer that was written beforehand, as bytes.
WRITTEN_REASON = re.compile(rb'"reason":"([A-Z_]+)"')


def reasons_of(tree: ast.Module) -> Iterator[str]:
    """What is given to a call in capitals, or is the default of what may be given."""
    for node in ast.walk(tree):
        given: list[ast.expr | None] = []
        if isinstance(node, ast.Call):
            given = [*node.args, *(each.value for each in node.keywords if each.arg == "reason")]
        elif isinstance(node, ast.arguments):
            given = [*node.defaults, *node.kw_defaults]
        elif isinstance(node, ast.Constant) and isinstance(node.value, bytes):
            yield from (each.decode() for each in WRITTEN_REASON.findall(node.value))
        texts = (each.value for each in given if isinstance(each, ast.Constant))
        yield from (text for text in texts if isinstance(text, str) and REASON.fullmatch(text))


@cache
def trees(folder: str, files: str = "*.py") -> list[ast.Module]:
    """The modules of a folder, but for migrations."""
    return [
        ast.parse(path.read_text("utf-8"))
        for path in sorted((ROOT / folder).rglob(files))
        if "migrations" not in path.parts
    ]
