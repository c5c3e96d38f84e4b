"""The table of people, filled from the directory's events alone. It has no generations: whichever
reads the events keeps it, and the newest of each user stays."""

from typing import Final

from services.chassis.people.mirror import UserMirror
from services.chassis.store import Mirror
from services.insight.metadata import metadata

__all__ = ["users"]

users: Final = UserMirror(metadata, "people", Mirror)
