"""The tables of colleagues and of their teams, filled from the directory's events alone."""

from typing import Final

from services.chassis.people.mirror import TeamMirror, UserMirror
from services.chassis.store import RenewedMirror
from services.customer.metadata import metadata

__all__ = ["teams", "users"]

users: Final = UserMirror(metadata, "colleagues", RenewedMirror)
teams: Final = TeamMirror(metadata, "colleague_teams")
