"""Users and teams in our own words. Rules only: no message, no SQL, no clock."""

from services.sales.people.model.teams import MOST_BENEATH, MOST_LEVELS, Team, TeamDraft, found
from services.sales.people.model.users import Reach, User, UserDraft, join

__all__ = [
    "MOST_BENEATH",
    "MOST_LEVELS",
    "Reach",
    "Team",
    "TeamDraft",
    "User",
    "UserDraft",
    "found",
    "join",
]
