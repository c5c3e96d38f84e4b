"""Transport room of the search: message ↔ model. No rule, no SQL."""

from typing import Any, Final

from guanxi.customer.v1 import search_pb2, search_pb2_grpc

from services.chassis.store import Store
from services.customer.search import actions
from services.customer.search.messages import to_message
from services.customer.search.model import read_query

__all__ = ["SearchServicer"]

_USUAL: Final = 10
_MOST: Final = 50


class SearchServicer(search_pb2_grpc.SearchServiceServicer):
    """Serves guanxi.customer.v1.SearchService."""

    def __init__(self, database: Store) -> None:
        self._store = database

    async def SearchCustomers(
        self, request: search_pb2.SearchCustomersRequest, context: Any
    ) -> search_pb2.SearchCustomersResponse:
        query = read_query(request.query)
        limit = min(request.page_size or _USUAL, _MOST)
        async with self._store.read() as tx:
            found = await actions.search(tx, query, limit)
        return search_pb2.SearchCustomersResponse(results=map(to_message, found))
