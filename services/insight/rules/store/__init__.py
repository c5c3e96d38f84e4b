"""The rules table, every statement on it, and rules compiled to conditions over facts."""

from services.insight.rules.store.matching import CompiledRule, Matcher, compile_rule, match_counts
from services.insight.rules.store.statements import (
    enabled,
    find,
    get,
    insert_many,
    page,
    remove,
    rules,
    save,
)

__all__ = [
    "CompiledRule",
    "Matcher",
    "compile_rule",
    "enabled",
    "find",
    "get",
    "insert_many",
    "match_counts",
    "page",
    "remove",
    "rules",
    "save",
]
