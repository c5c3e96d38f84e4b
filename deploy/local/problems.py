"""What keeps the suite from starting, as one sentence for whoever typed `make run`."""

from __future__ import annotations


class CannotStart(Exception):
    """Something the user can mend."""
