"""The tables of the directory and every statement on them; no rule, no message."""

from services.sales.people.store.directory import advance
from services.sales.people.store.teams import above, beneath, members, right_beneath, teams
from services.sales.people.store.teams import remove as remove_team
from services.sales.people.store.users import chain_above, is_in_use, users, with_emails

__all__ = [
    "above",
    "advance",
    "beneath",
    "chain_above",
    "is_in_use",
    "members",
    "remove_team",
    "right_beneath",
    "teams",
    "users",
    "with_emails",
]
