"""Colleagues in our own words: who they are, and whether anything may be given to them."""

from collections.abc import Mapping
from dataclasses import dataclass

from services.chassis.errors import invalid

__all__ = ["Colleague", "Colleagues"]


@dataclass(frozen=True, slots=True)
class Colleague:
    """One user of the directory, as the event at `position` told; 0 where they were asked for."""

    name: str
    active: bool
    position: int


@dataclass(frozen=True, slots=True)
class Colleagues:
    """Those whom a request names, and whether each works here; None while the directory is empty,
    when every name goes."""

    active: Mapping[str, bool] | None = None

    def expect(self, owner: str) -> None:
        """Whether something may be given to them; nobody is always possible.

        Raises INVALID_ARGUMENT (OWNER_UNKNOWN, OWNER_INACTIVE).
        """
        if self.active is None or not owner:
            return
        if owner not in self.active:
            raise invalid("owner", "OWNER_UNKNOWN", f"{owner} is not in the directory of people")
        if not self.active[owner]:
            raise invalid("owner", "OWNER_INACTIVE", f"{owner} works here no more")
