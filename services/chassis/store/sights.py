"""How the rows of a table are seen: every table says it, `info={"sight": Owned("owner", "team")}`.

Words only; what follows from them for a caller is in `sight`.
"""

from dataclasses import dataclass
from typing import TypeAlias

from sqlalchemy import Table

__all__ = ["Named", "OfCustomer", "Owned", "Shared", "Sight", "Through", "sight_of"]


@dataclass(frozen=True, slots=True)
class Named:
    """Whoever is named for a row in another table sees it: collaborators, members of a pool.

    `row` and `subject` are columns of that table, `key` the owned table's column that `row` holds.
    `access` is its column that says READ or WORK; without one, whoever is named only reads.
    """

    table: str
    row: str
    subject: str = "subject"
    access: str | None = None
    key: str = "name"


@dataclass(frozen=True, slots=True)
class Owned:
    """The columns that hold a row's owner (`users/ann`) and, if any, team (`teams/north`) and
    assignee: who has been given a row sees it as its owner does. And who else is named for it.

    `shared` is a column that says whether everybody sees the row besides: they only read it.
    """

    owner: str
    team: str | None = None
    assignee: str | None = None
    named: tuple[Named, ...] = ()
    shared: str | None = None

    @property
    def subjects(self) -> tuple[str, ...]:
        """The columns of which one has to hold the caller."""
        return (self.owner,) if self.assignee is None else (self.owner, self.assignee)

    @property
    def teams(self) -> tuple[str, ...]:
        """The columns of which one has to hold a team in the caller's sight."""
        return () if self.team is None else (self.team,)


@dataclass(frozen=True, slots=True)
class Through:
    """Rows that are seen as the row they belong to is: `Through("order", "orders")`.

    `same` are columns of both that are equal besides, where the parent's key has several.
    """

    key: str
    parent: str
    parent_key: str = "name"
    same: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class OfCustomer:
    """Rows of a customer, seen as the customer is: through its table, or the mirror of it that this
    service keeps. Their own assignee sees them too. `alone` says who sees rows of no customer, and
    of one that isn't in that table yet."""

    customer: str
    mirror: str
    mirror_key: str = "name"
    same: tuple[str, ...] = ()
    assignee: str | None = None
    alone: Owned | None = None


@dataclass(frozen=True, slots=True)
class Shared:
    """The company's rows (products, rules), or a service's own records that reach no caller."""


Sight: TypeAlias = Owned | Through | OfCustomer | Shared


def sight_of(table: Table) -> Sight:
    """What the table says."""
    sight: Sight = table.info["sight"]
    return sight
