"""Mutants that were looked at and change nothing a caller could notice, with the reason.

A mutant is known by its module, the line it removes and the line it adds, so that a judgement lasts
while the line does. In judged.toml: `"module" = [{was = "…", becomes = "…", why = "…"}]`.
"""

import tomllib
from pathlib import Path
from typing import Final

from tests.mutants.trials import Trial

__all__ = ["reason_to_leave"]

_JUDGED: Final = tomllib.loads(Path(__file__).with_name("judged.toml").read_text("utf-8"))


def reason_to_leave(trial: Trial) -> str | None:
    """Why the mutant is equivalent to the code; None where nobody judged it so."""
    was, becomes = _changed(trial.difference)
    for judged in _JUDGED.get(str(trial.mutant.mutation.module_path), ()):
        if (judged["was"], judged["becomes"]) == (was, becomes):
            return str(judged["why"])
    return None


def _changed(difference: str) -> tuple[str, str]:
    body = difference.splitlines()[2:]
    was = " ".join(line[1:].strip() for line in body if line.startswith("-"))
    becomes = " ".join(line[1:].strip() for line in body if line.startswith("+"))
    return was, becomes
