"""The roles table as it stands in services/roles.toml: role, scope, permission patterns; and what a
service may call for itself. Reads and checks it; deciding with it is the authorizer's work."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from services.chassis.access.speakers import RESERVED_ROLES
from services.chassis.caller import Scope
from services.chassis.errors import StartRefused

__all__ = ["Grant", "Pattern", "Roles", "RolesError", "load_roles"]

_SEGMENT = r"(?:\*|[a-z][a-z0-9_]*)"
_PATTERN = re.compile(rf"{_SEGMENT}\.{_SEGMENT}\.{_SEGMENT}")
_SEGMENTS = 3
_SERVICES = "services"
_METHOD = re.compile(r"[a-z][a-z0-9_.]*\.[A-Z]\w*\.[A-Z]\w*")


class RolesError(StartRefused):
    """The roles table says something that has no meaning; the text names the role."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """A permission, or several: `sales.orders.read`, where `*` stands for any one segment."""

    text: str

    @classmethod
    def parse(cls, text: str) -> "Pattern":
        """Raises ValueError where the text is not three segments."""
        if not _PATTERN.fullmatch(text):
            raise ValueError(f"{text!r} is not a permission of the form service.slice.verb")
        return cls(text)

    def matches(self, permission: str) -> bool:
        mine, theirs = self.text.split("."), permission.split(".")
        return len(theirs) == _SEGMENTS and all(
            own in ("*", other) for own, other in zip(mine, theirs, strict=True)
        )


@dataclass(frozen=True, slots=True)
class Grant:
    """What a role may do, and on which rows."""

    pattern: Pattern
    scope: Scope


@dataclass(frozen=True, slots=True)
class Roles:
    """Every role with its grants; and every service with the methods that it may call for itself,
    by their full names."""

    grants: Mapping[str, tuple[Grant, ...]]
    services: Mapping[str, frozenset[str]] = field(default_factory=dict)


def load_roles(path: Path = Path(__file__).parents[2] / "roles.toml") -> Roles:
    """Reads a roles table; raises RolesError naming the role and the entry that is wrong."""
    try:
        document = tomllib.loads(path.read_text("utf-8"))
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise RolesError(f"the roles table {path} cannot be read: {error}") from error
    services = document.pop(_SERVICES, {})
    grants = {role: tuple(_grants(role, table)) for role, table in document.items()}
    return Roles(grants, _methods(services))


def _methods(table: object) -> dict[str, frozenset[str]]:
    if not isinstance(table, dict):
        raise RolesError(f"{_SERVICES} is not a table")
    for service, methods in table.items():
        if not isinstance(methods, list) or not all(
            isinstance(each, str) and _METHOD.fullmatch(each) for each in methods
        ):
            raise RolesError(
                f"{_SERVICES}: {service} is not a list of methods, each by its full name"
            )
    return {service: frozenset(methods) for service, methods in table.items()}


def _grants(role: str, table: object) -> list[Grant]:
    if not isinstance(table, dict):
        raise RolesError(f"role {role} is not a table")
    if role in RESERVED_ROLES:
        raise RolesError(
            f"role {role} is the suite's own: [{_SERVICES}] says what services may call"
        )
    grants = []
    for scope, patterns in table.items():
        if scope not in Scope.__members__:
            raise RolesError(f"role {role} has the unknown scope {scope}: use OWN, TEAM or ALL")
        if not isinstance(patterns, list):
            raise RolesError(f"role {role}: {scope} is not a list of permissions")
        for text in patterns:
            try:
                grants.append(Grant(Pattern.parse(str(text)), Scope[scope]))
            except ValueError as error:
                raise RolesError(f"role {role}: {error}") from error
    return grants
