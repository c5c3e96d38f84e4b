"""Keeping the index, in the background: what is found by more than a few thousand texts at once.

Nothing rests on it but speed: a text that isn't in the index is found all the same. A process that
is killed leaves whole blocks behind, and the next one goes on.
"""

from typing import Final

from services.chassis.background import repeat
from services.chassis.caller import Caller
from services.chassis.store import Store, WriteTransaction
from services.chassis.turns import taking_turns
from services.customer.customers.model.search_texts import lines_of
from services.customer.customers.store import customers, search_texts
from services.customer.search import store
from services.customer.search.model import PLACES_IN_BLOCK, packed, text_grams

__all__ = ["Indexing"]

_EVERY_SECONDS: Final = 1.0
_WRITTEN_AT_ONCE: Final = 500
# So many texts that aren't in the index cost a search a millisecond; small blocks cost it more than
# whole ones, so they are put together.
_FEWEST: Final = 512
_WHOLE: Final = PLACES_IN_BLOCK - _FEWEST
# Each new block looks after two old ones, so that places that lead nowhere stay below half.
_LOOKED_AFTER: Final = 2
_NAME: Final = "customer-search"


class Indexing:
    """The background task that writes texts of an older version anew, and indexes new ones."""

    def __init__(self, database: Store, *, every_seconds: float = _EVERY_SECONDS) -> None:
        self._store = database
        self._every_seconds = every_seconds
        self._caller = Caller.system(_NAME)
        self._looked_after = -1

    async def run(self) -> None:
        """Runs until cancelled."""
        await repeat(_NAME, self.step, every_seconds=self._every_seconds)

    async def step(self) -> bool:
        """Does a part of what there is to do; whether there may be more."""
        # Asked first, since to be alone takes a connection of its own.
        async with self._store.read(caller=self._caller) as tx:
            if not await store.outdated(tx, 1) and not await store.has_to_index(tx, _FEWEST):
                return False
        async with self._store.alone(_NAME) as alone:
            return alone and (await self._rewrite() or await self._index())

    async def _rewrite(self) -> bool:
        """Writes some texts of an older version anew."""

        async def work(tx: WriteTransaction) -> bool:
            names = await store.outdated(tx, _WRITTEN_AT_ONCE)
            found = await customers.find(tx, names)
            await search_texts.rewrite(tx, found.values())
            return bool(names)

        return await self._store.write(work, caller=self._caller)

    async def _index(self) -> bool:
        """Writes a block, where there is enough for one: a whole one, with those of small blocks in
        it, or else a small one."""
        async with self._store.read(caller=self._caller) as tx:
            texts = await store.to_index(tx)
            if len(texts) < _FEWEST:
                return False
            small = {block for block, size in (await store.sizes(tx)).items() if size < _WHOLE}
            gathered = [*texts]
            for block in sorted(small):
                gathered += await store.in_block(tx, block)
        texts = gathered[:PLACES_IN_BLOCK] if len(gathered) >= _WHOLE else texts
        places = await _places_of(texts)
        await self._store.write(lambda tx: store.add_block(tx, texts, places), caller=self._caller)
        await self._store.write(lambda tx: self._look_after(tx, small), caller=self._caller)
        return True

    async def _look_after(self, tx: WriteTransaction, small: set[int]) -> None:
        """Removes blocks that lead to nobody, and gives those up of which half does: of all the
        small ones, and in turn of the others."""
        sizes = await store.sizes(tx)
        ahead = [block for block in sizes if block > self._looked_after] or list(sizes)
        self._looked_after = ahead[:_LOOKED_AFTER][-1]
        for block in sorted({*ahead[:_LOOKED_AFTER], *small} & sizes.keys()):
            count = await store.in_use(tx, block)
            if not count:
                await store.remove_block(tx, block)
            elif count < sizes[block] // 2 and block not in small:
                await store.give_up_places(tx, block)


async def _places_of(texts: list[tuple[str, str]]) -> dict[str, bytes]:
    """Of each gram, the places within the block."""
    places: dict[str, list[int]] = {}
    async for place, (_, text) in taking_turns(enumerate(texts)):
        for gram in text_grams(lines_of(text)):
            places.setdefault(gram, []).append(place)
    return {gram: packed(places[gram]) async for gram in taking_turns(sorted(places))}
