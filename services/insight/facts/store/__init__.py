"""The facts table, every statement on it, and what filters over facts may name."""

from services.insight.facts.store.filtering import FilterTerms, fields
from services.insight.facts.store.statements import (
    count,
    count_buyers,
    get,
    left_behind,
    matching,
    of_generation,
    page,
    remove,
    remove_until,
    save,
    save_tags,
)
from services.insight.facts.store.table import FACTS, MINOR, facts

__all__ = [
    "FACTS",
    "MINOR",
    "FilterTerms",
    "count",
    "count_buyers",
    "facts",
    "fields",
    "get",
    "left_behind",
    "matching",
    "of_generation",
    "page",
    "remove",
    "remove_until",
    "save",
    "save_tags",
]
