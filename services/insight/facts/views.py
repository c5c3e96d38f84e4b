"""What facts are read from: the state of one business day, whichever it is."""

from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol

from google.type.date_pb2 import Date

from services.chassis.store import ReadTransaction
from services.insight.facts.store import FilterTerms

__all__ = ["View", "Views"]


@dataclass(frozen=True, slots=True)
class View:
    """The facts of one business day: `tx` reads them, limited to the caller's rows."""

    tx: ReadTransaction
    generation: int
    terms: FilterTerms


class Views(Protocol):
    """Opens a view of any day."""

    @property
    def today(self) -> FilterTerms:
        """How filters are read today."""
        ...

    def of(self, as_of: Date | None, *, customer: str = "") -> AbstractAsyncContextManager[View]:
        """The view of a day, today if not stated; of one customer alone, if named.

        Raises INVALID_ARGUMENT, DATE_INVALID on `as_of`.
        """
        ...
