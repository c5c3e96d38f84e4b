"""The rules table, every statement on it, and rules compiled to conditions over facts."""

from services.insight.rules.store.matching import CompiledRule, Matcher, compile_rule, match_counts
from services.insight.rules.store.statements import count, enabled, remove, rules

__all__ = [
    "CompiledRule",
    "Matcher",
    "compile_rule",
    "count",
    "enabled",
    "match_counts",
    "remove",
    "rules",
]
