"""Facts of other days in memory, and the days that are kept so."""

from services.insight.asof.store.days import OtherDays
from services.insight.asof.store.snapshot import Snapshot

__all__ = ["OtherDays", "Snapshot"]
