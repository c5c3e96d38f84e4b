"""Reads the rules that come with the suite; they are data, in defaults.toml."""

import tomllib
from datetime import datetime
from importlib.resources import files
from typing import Any

from services.chassis.store import WriteTransaction
from services.insight.rules.actions import add_rules
from services.insight.rules.model import COMPANY, Rule, RuleDraft, RuleKind, Severity

__all__ = ["default_rules", "install"]


def default_rules(at: datetime) -> list[Rule]:
    """Every default rule, as created at an instant."""
    content = files(__package__).joinpath("defaults.toml").read_text("utf-8")
    return [
        Rule.of(_draft(values), f"rules/{rule}", COMPANY, at=at, built_in=True)
        for rule, values in tomllib.loads(content).items()
    ]


async def install(tx: WriteTransaction) -> None:
    """Writes the default rules into a new database, and tells of them."""
    await add_rules(tx, default_rules(tx.now))


def _draft(values: dict[str, Any]) -> RuleDraft:
    severity = values.get("severity")
    return RuleDraft(
        kind=RuleKind(values["kind"]),
        display_name=values["display_name"],
        filter=values["filter"],
        enabled=True,
        severity=Severity[severity] if severity else None,
        text_en=values.get("text_en", ""),
        text_zh=values.get("text_zh", ""),
        assignee="",
        cooldown_days=values.get("cooldown_days", 0),
        tag_dimension=values.get("tag_dimension", ""),
        tag=values.get("tag", ""),
    )
