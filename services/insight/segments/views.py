"""What segments are read from: the state of one business day, with its cut points."""

from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol

from google.type.date_pb2 import Date

from services.insight.facts.views import View, Views
from services.insight.segments import store
from services.insight.segments.model import Segmentation

__all__ = ["SegmentedView", "SegmentedViews"]


@dataclass(frozen=True, slots=True)
class SegmentedView(View):
    """The facts of one business day, and what they were scored by.

    `measured` is the segmentation of another day than today.
    """

    measured: Segmentation | None = None

    async def segmentation(self) -> Segmentation | None:
        """The cut points the facts were scored by; None while there are none."""
        return self.measured or await store.latest(self.tx, self.generation)


class SegmentedViews(Views, Protocol):
    """Opens a view of any day, and knows the cut points of any."""

    def of(
        self, as_of: Date | None, *, customer: str = ""
    ) -> AbstractAsyncContextManager[SegmentedView]: ...

    async def segmentation(self, as_of: Date | None) -> Segmentation | None:
        """The cut points in force, or those of a day. Raises INVALID_ARGUMENT, DATE_INVALID."""
        ...
