"""People: what insight keeps of the directory of people, which is the sales service's; whom alerts
may be given to."""

from typing import Final

__all__ = ["FEED"]

FEED: Final = "sales"
"""Whose events tell it."""
