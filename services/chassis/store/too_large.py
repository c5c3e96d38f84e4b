"""Statements that are larger than their database takes: they are so tomorrow, too."""

from typing import Final

from sqlalchemy.exc import DBAPIError

__all__ = ["is_too_large"]

# PostgreSQL's class of a limit that was exceeded; what SQLite and asyncpg say has no code.
_LIMIT_EXCEEDED: Final = "54"
_TOLD: Final = (
    "Expression tree is too large",
    "parser stack overflow",
    "too many ",  # SQL variables, terms in compound SELECT, columns in result set
    "the number of query arguments cannot exceed",
)


def is_too_large(error: Exception) -> bool:
    """Whether a statement has more parameters, or is deeper, than the database takes."""
    if not isinstance(error, DBAPIError):
        return False
    state = str(getattr(error.orig, "sqlstate", None) or "")
    return state.startswith(_LIMIT_EXCEEDED) or any(told in str(error.orig) for told in _TOLD)
