"""What can be done with users and teams, on an open transaction."""

from services.sales.people.actions.teams import change_team, create_team, delete_team
from services.sales.people.actions.users import (
    change_user,
    create_user,
    create_users,
    deactivate_user,
    look_up_reach,
    reactivate_user,
)

__all__ = [
    "change_team",
    "change_user",
    "create_team",
    "create_user",
    "create_users",
    "deactivate_user",
    "delete_team",
    "look_up_reach",
    "reactivate_user",
]
