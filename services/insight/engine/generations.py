"""Which generation of the derived tables answers are given from, as this process knows it."""

from services.chassis.caller import Caller
from services.chassis.store import ReadTransaction, Store
from services.insight.feeds.store import active_generation, keeps_active

__all__ = ["Generations"]

_SYSTEM = Caller.system("generations")


class Generations:
    """Remembers the active generation, so that no answer has to ask for it."""

    def __init__(self, store: Store, active: int, derivation: str) -> None:
        """`derivation` is this process's own."""
        self._store = store
        self._derivation = derivation
        self._is_kept = True  # a start sees to it
        self.active = active

    @property
    def kept(self) -> int | None:
        """The active one, for what writes to it; None where that is for another version to do."""
        return self.active if self._is_kept else None

    async def refresh(self) -> int:
        """Looks which one it is now: another replica may have finished a rebuild."""
        async with self._store.read(caller=_SYSTEM) as tx:
            await self.learn(tx)
        return self.active

    async def learn(self, tx: ReadTransaction) -> None:
        """As `refresh`, on an open transaction."""
        kept = await keeps_active(tx, self._derivation)
        self.active, self._is_kept = await active_generation(tx), kept
