"""A search: who may match, found by the index or among the few whom the caller sees; and who of
them does, best first."""

from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass, field
from typing import Final

from services.chassis.caller import Scope
from services.chassis.store import ReadTransaction
from services.chassis.turns import taking_turns
from services.customer.customers.store import customers
from services.customer.search import store
from services.customer.search.model import (
    Found,
    Path,
    Places,
    Rank,
    SearchQuery,
    Seen,
    exact_gram,
    find_in,
    paths_of,
)

__all__ = ["search"]

# So few are looked through one by one, in less time than the index takes.
_FEW: Final = 2_000
# Of those who match equally well, so many are compared by when they changed; of more, those who
# came into the index last.
_COMPARED: Final = 200
# Who matches in so many that the caller doesn't see is looked for among those they see.
_MOST_UNSEEN: Final = 8_000


async def search(tx: ReadTransaction, query: SearchQuery, limit: int) -> list[Found]:
    """The best of those who match, at most so many.

    Nobody is missed: the index leads to everybody who may match, and who isn't in it yet is looked
    at besides.
    """
    best = _Best(query, limit)
    if query.name:
        await best.take(await store.of_id(tx, query.name))
    limited = tx.caller.scope is not Scope.ALL
    few = await tx.few_in_sight(customers.table, _FEW) if limited else None
    if few is not None:
        await best.take(await store.among(tx, query.alternatives, few) if few else [])
        return best.result()
    await best.take(await store.of_name(tx, query.whole, _COMPARED))
    # Before the index is read: who is put into it meanwhile is found twice, and not missed.
    await best.take(await store.not_indexed(tx, query.alternatives))
    if not await _by_index(tx, query, best, most_unseen=_MOST_UNSEEN if limited else None):
        await best.take(await store.anywhere(tx, query.alternatives))
    return best.result()


@dataclass(slots=True)
class _Best:
    """Who has been found so far."""

    query: SearchQuery
    limit: int
    looked_at: set[str] = field(default_factory=set)
    found: list[Found] = field(default_factory=list)

    async def take(self, seen: Iterable[Seen]) -> None:
        """Takes those in who match."""
        async for each in taking_turns(seen):
            if each.customer in self.looked_at:
                continue
            self.looked_at.add(each.customer)
            match = find_in(each, self.query)
            if match is not None:
                self.found.append(match)

    def is_full(self, rank: Rank) -> bool:
        """Whether there are enough of this rank, or better."""
        return sum(each.rank <= rank for each in self.found) >= self.limit

    def result(self) -> list[Found]:
        """The best, best first."""
        return sorted(self.found, key=lambda each: each.order)[: self.limit]


async def _by_index(
    tx: ReadTransaction, query: SearchQuery, best: _Best, *, most_unseen: int | None
) -> bool:
    """Whether all were found who belong to the best; not, where the index leads to too many whom
    the caller doesn't see."""
    looked_at = 0
    async for rank, places in _tiers(tx, query):
        of_rank = 0
        for some in places.newest_first(_COMPARED):
            await best.take(await store.at_places(tx, some))
            of_rank += len(some)
            looked_at += len(some)
            if of_rank >= _COMPARED and best.is_full(rank):
                return True
            if most_unseen is not None and looked_at > most_unseen:
                return False
        if best.is_full(rank):
            return True
    return True


async def _tiers(tx: ReadTransaction, query: SearchQuery) -> AsyncIterator[tuple[Rank, Places]]:
    """Where those stand who may match; of many, those who may match better first."""
    blocks = await store.blocks(tx)
    ways = [paths_of(words) for words in query.alternatives]
    paths = [path for way in ways for path in way]
    exact = exact_gram(query.whole)
    asked = {exact, *(gram for path in paths for gram in path.leading)}
    kept = await store.grams(tx, blocks, asked)
    places = {gram: Places.of(blocks, rows) for gram, rows in kept.items()}
    within = _any_of(_all_of(_leading(path, places) for path in way) for way in ways)
    if len(within) <= _COMPARED:
        yield Rank.WITHIN, within
        return
    yield Rank.EXACT_KEY, places[exact]
    words = ways[0]  # the other ways seldom lead to many
    kept = await store.grams(tx, blocks, {gram for path in words for gram in path.telling})
    places |= {gram: Places.of(blocks, rows) for gram, rows in kept.items()}
    begins = within & _all_of(_beginning(path, places) for path in words)
    first = begins & _any_of(places[gram] for gram in words[0].first if gram)
    yield Rank.NAME_BEGINS, first.without(places[exact])
    yield Rank.WORD_BEGINS, begins.without(first | places[exact])
    yield Rank.WITHIN, within.without(begins | places[exact])


def _leading(path: Path, places: dict[str, Places]) -> Places:
    whole = _all_of(places[gram] for gram in path.within)
    return whole | places[path.reading] if path.reading else whole


def _beginning(path: Path, places: dict[str, Places]) -> Places:
    return _any_of(places[gram] for gram in (*path.beginning, path.reading) if gram)


def _all_of(each: Iterable[Places]) -> Places:
    first, *others = each
    for other in others:
        first = first & other
    return first


def _any_of(each: Iterable[Places]) -> Places:
    first, *others = each
    for other in others:
        first = first | other
    return first
