"""What a search is: what was typed (`queries`), the grams that lead to it (`grams`), where these
stand (`places`), and how well a customer matches (`matching`). No message, no SQL."""

from services.customer.search.model.grams import Path, exact_gram, paths_of, text_grams
from services.customer.search.model.matching import Found, Rank, Seen, find_in
from services.customer.search.model.places import PLACES_IN_BLOCK, Places, packed
from services.customer.search.model.queries import SearchQuery, read_query

__all__ = [
    "PLACES_IN_BLOCK",
    "Found",
    "Path",
    "Places",
    "Rank",
    "SearchQuery",
    "Seen",
    "exact_gram",
    "find_in",
    "packed",
    "paths_of",
    "read_query",
    "text_grams",
]
