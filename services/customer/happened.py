"""What is recorded has happened: its time doesn't lie ahead, but for what clocks differ by."""

from datetime import datetime, timedelta
from typing import Final

from services.chassis.errors import invalid

__all__ = ["expect_happened"]

# Clocks of callers and servers differ, and a business day starts 14 hours earlier in Kiritimati.
_LATEST_AHEAD: Final = timedelta(days=1)


def expect_happened(
    time: datetime, field: str, reason: str, told: str = "is more than a day ahead", *, at: datetime
) -> None:
    """Raises INVALID_ARGUMENT with the reason more than a day ahead of `at`."""
    if time > at + _LATEST_AHEAD:
        raise invalid(field, reason, told)
