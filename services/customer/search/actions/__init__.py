"""Searching, and keeping the index that makes it fast."""

from services.customer.search.actions.indexing import Indexing
from services.customer.search.actions.searching import search

__all__ = ["Indexing", "search"]
