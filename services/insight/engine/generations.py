"""Which generation of the derived tables answers are given from, as this process knows it."""

from services.chassis.caller import Caller
from services.chassis.store import Store
from services.insight.feeds.store import active_generation

__all__ = ["Generations"]

_SYSTEM = Caller.system("generations")


class Generations:
    """Remembers the active generation, so that no answer has to ask for it."""

    def __init__(self, store: Store, active: int) -> None:
        self._store = store
        self.active = active

    async def refresh(self) -> int:
        """Looks which one it is now: another replica may have finished a rebuild."""
        async with self._store.read(caller=_SYSTEM) as tx:
            self.active = await active_generation(tx)
        return self.active
