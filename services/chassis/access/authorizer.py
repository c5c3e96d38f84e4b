"""Decides whether a caller may use a permission, and on which rows."""

from functools import lru_cache

from services.chassis.access.roles import Pattern, Roles
from services.chassis.access.speakers import subject_of
from services.chassis.caller import Scope

__all__ = ["Authorizer"]

_REMEMBERED_ANSWERS = 8192


class Authorizer:
    """Answers from the roles table; the same question is worked out once."""

    def __init__(self, roles: Roles) -> None:
        self._roles = roles
        self.scope_of = lru_cache(maxsize=_REMEMBERED_ANSWERS)(self._scope_of)

    def services_that_call(self, method: str) -> frozenset[str]:
        """The subjects of those services that may call the method (by its full name) for
        themselves, on every row; a service has no permission besides."""
        services = self._roles.services.items()
        return frozenset(subject_of(service) for service, methods in services if method in methods)

    def _scope_of(
        self, roles: tuple[str, ...], scopes: tuple[str, ...] | None, permission: str
    ) -> Scope | None:
        """The widest scope any of the roles gives for the permission; None where none does.

        `scopes` are the permission patterns of an API key: they narrow what the roles give and
        never add to it. None means that nothing narrows; an empty tuple allows nothing, and so
        does a pattern that is not one.
        """
        if scopes is not None and not any(_matches(scope, permission) for scope in scopes):
            return None
        return max(
            (
                grant.scope
                for role in roles
                for grant in self._roles.grants.get(role, ())
                if grant.pattern.matches(permission)
            ),
            default=None,
        )


def _matches(scope: str, permission: str) -> bool:
    try:
        return Pattern.parse(scope).matches(permission)
    except ValueError:
        return False
