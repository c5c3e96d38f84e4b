"""Contracts and services/roles.toml speak of the same permissions."""

from __future__ import annotations

from services.chassis.access import load_roles
from services.chassis.descriptors import load_catalogue

METHODS = load_catalogue().methods.values()
GRANTS = load_roles().grants
# Who runs the suite, and its own processes.
NOBODY_IN_PARTICULAR = {"admin", "service"}
ADMINS_ONLY = {"insight.feeds.manage": "a rebuild is the operator's"}


def test_every_permission_belongs_to_a_role_that_people_or_apps_have() -> None:
    asked = {each.permission for each in METHODS if not each.internal} - ADMINS_ONLY.keys()
    given = [each for role in GRANTS.keys() - NOBODY_IN_PARTICULAR for each in GRANTS[role]]
    assert [
        permission
        for permission in sorted(asked)
        if not any(grant.pattern.matches(permission) for grant in given)
    ] == []


def test_every_permission_of_a_role_is_one_that_a_method_asks_for() -> None:
    asked = {each.permission for each in METHODS}
    assert [
        f"{role}: {grant.pattern.text}"
        for role, grants in GRANTS.items()
        for grant in grants
        if not any(map(grant.pattern.matches, asked))
    ] == []
    assert ADMINS_ONLY.keys() <= asked
