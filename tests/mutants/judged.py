"""Mutants that were looked at and change nothing a caller could notice, with the reason.

A mutant is known by its module, the line it removes and the line it adds, so that a judgement lasts
while the line does; by the line before, too, where the module has the same line elsewhere. In
judged.toml: `"module" = [{was = "…", becomes = "…", why = "…", behind = "…"}]`.
"""

import tomllib
from pathlib import Path
from typing import Final

from tests.mutants.trials import Trial

__all__ = ["reason_to_leave"]

_JUDGED: Final = tomllib.loads(Path(__file__).with_name("judged.toml").read_text("utf-8"))


def reason_to_leave(trial: Trial) -> str | None:
    """Why the mutant is equivalent to the code; None where nobody judged it so."""
    behind, was, becomes = _changed(trial.difference)
    for judged in _JUDGED.get(str(trial.mutant.mutation.module_path), ()):
        known = (judged.get("behind", behind), judged["was"], judged["becomes"])
        if known == (behind, was, becomes):
            return str(judged["why"])
    return None


def _changed(difference: str) -> tuple[str, str, str]:
    """The line before what changes, the lines that go, and those that come."""
    body = difference.splitlines()[3:]
    behind = body[0].strip() if body and body[0].startswith(" ") else ""
    was, becomes = (
        " ".join(filter(None, (line[1:].strip() for line in body if line.startswith(sign))))
        for sign in "-+"
    )
    return behind, was, becomes
