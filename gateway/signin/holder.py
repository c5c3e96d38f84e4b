"""Who a new API key may be for: a person as the contract names people, with roles, teams and
permissions that there are. What is misspelled here would open nothing, or more than was meant."""

from collections.abc import Iterable, Sequence
from typing import Final

from services.chassis.access import load_roles
from services.chassis.access.roles import Pattern
from services.chassis.access.speakers import RESERVED_ROLES
from services.chassis.descriptors import load_catalogue
from services.chassis.names import Template

__all__ = ["KeysError", "expect_holder"]

_USER: Final = Template("users/{user}")
_TEAM: Final = Template("teams/{team}")
_ID: Final = "1 to 63 of a-z, 0-9 and -, with no - at either end"
# A token holds them as base64 of JSON, and goes with every call: services take 8 kB of metadata.
_MOST_BYTES: Final = 4_000
_BESIDES: Final = 3  # quotes and a comma


class KeysError(Exception):
    """A key that can't be made or found, or a file that can't be read; fit for a terminal."""


def expect_holder(
    subject: str, *, roles: Sequence[str], teams: Sequence[str], scopes: Sequence[str]
) -> None:
    """Raises KeysError naming what of a new key means nobody, no team, no role or no permission."""
    if not _USER.matches(subject):
        raise KeysError(f"the subject {subject!r} is not of the form users/NAME; a name has {_ID}")
    for team in teams:
        if not _TEAM.matches(team):
            raise KeysError(f"the team {team!r} is not of the form teams/NAME; a name has {_ID}")
    _expect_roles(roles)
    _expect_scopes(scopes)
    size = sum(len(each) + _BESIDES for each in (*roles, *teams, *scopes))
    if size > _MOST_BYTES:
        raise KeysError(
            f"roles, teams and scopes take {size} bytes of the {_MOST_BYTES} that fit in a token; "
            "give the key fewer"
        )


def _expect_roles(roles: Sequence[str]) -> None:
    if not roles:
        raise KeysError("a key needs at least one role")
    # What a process of the suite is, no key of a person can be.
    there = sorted(load_roles().grants.keys() - RESERVED_ROLES)
    for role in roles:
        if role not in there:
            raise KeysError(f"there is no role {role!r}; there are {', '.join(there)}")


def _expect_scopes(scopes: Iterable[str]) -> None:
    permissions = {each.permission for each in load_catalogue().methods.values()}
    for scope in scopes:
        try:
            pattern = Pattern.parse(scope)
        except ValueError as error:
            raise KeysError(f"the scope {error}") from error
        if not any(pattern.matches(permission) for permission in permissions):
            raise KeysError(
                f"the scope {scope!r} is no permission; there are {', '.join(sorted(permissions))}"
            )
