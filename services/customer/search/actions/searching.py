"""A search: who may match, found by the index or among the few whom the caller sees; and who of
them does, best first."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Final

from services.chassis.caller import Scope
from services.chassis.store import ReadTransaction
from services.chassis.turns import taking_turns
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
_COMPARED: Final = 400
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
    if limited and await store.sees_at_most(tx, _FEW):
        await best.take(await store.anywhere(tx, query.alternatives))
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
    for rank, places in await _tiers(tx, query):
        ahead, of_rank = places.newest_first(), 0
        while chunk := list(islice(ahead, _COMPARED)):
            await best.take(await store.at_places(tx, chunk))
            of_rank += len(chunk)
            looked_at += len(chunk)
            if of_rank >= _COMPARED and best.is_full(rank):
                return True
            if most_unseen is not None and looked_at > most_unseen:
                return False
        if best.is_full(rank):
            return True
    return True


async def _tiers(tx: ReadTransaction, query: SearchQuery) -> Iterator[tuple[Rank, Places]]:
    """Where those stand who may match, those who may match better first."""
    blocks = await store.blocks(tx)
    ways = [paths_of(words) for words in query.alternatives]
    exact = exact_gram(query.whole)
    asked = {exact, *(gram for paths in ways for path in paths for gram in path.grams)}
    kept = await store.grams(tx, blocks, asked)
    places = {gram: Places.of(blocks, rows) for gram, rows in kept.items()}
    return _in_order(ways, exact, places)


def _in_order(
    ways: list[list[Path]], exact: str, places: dict[str, Places]
) -> Iterator[tuple[Rank, Places]]:
    exactly = places[exact]
    within = _any_of(_all_of(_leading(path, places) for path in paths) for paths in ways)
    first = within & _any_of(places[gram] for gram in ways[0][0].first if gram)
    begins = within & _any_of(_all_of(_beginning(path, places) for path in paths) for paths in ways)
    yield Rank.EXACT_KEY, exactly
    yield Rank.NAME_BEGINS, first.without(exactly)
    yield Rank.WORD_BEGINS, begins.without(first | exactly)
    yield Rank.WITHIN, within.without(begins | first | exactly)


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
