"""Contracts and services/roles.toml speak of the same permissions."""

from __future__ import annotations

from services.chassis.access import load_roles
from services.chassis.caller import Scope
from services.chassis.descriptors import DataScope, Idempotency, load_catalogue

METHODS = load_catalogue().methods.values()
GRANTS = load_roles().grants
# Who runs the suite, and its own processes.
NOBODY_IN_PARTICULAR = {"admin", "service"}
ADMINS_ONLY = {
    "customer.fields.administer": "what is kept of everybody, and what must be",
    "insight.feeds.manage": "a rebuild is the operator's",
    "sales.people.administer": "who comes in, and who sees what",
}
# What changes the whole company and isn't the admins' alone.
OF_OTHERS = {"insight.segments.run": "cut points are computed anew, of the numbers that there are"}


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


def held_by(permission: str) -> set[str]:
    return {
        role
        for role, grants in GRANTS.items()
        if any(grant.pattern.matches(permission) for grant in grants)
    }


def test_what_decides_who_comes_in_and_who_sees_what_is_changed_by_admins_alone() -> None:
    """By a wildcard that was written for products, an online shop could put anyone into any team,
    and shut the admins out."""
    asked = {
        each.permission
        for each in METHODS
        if each.service == "guanxi.sales.v1.PeopleService"
        and each.idempotency is not Idempotency.READ_ONLY
    }
    assert asked == {"sales.people.administer"}
    assert {each: held_by(each) for each in ADMINS_ONLY} == {
        each: {"admin"} for each in ADMINS_ONLY
    }


def test_what_changes_the_whole_company_is_the_admins() -> None:
    asked = {
        each.permission
        for each in METHODS
        if each.data_scope is DataScope.COMPANY and each.idempotency is not Idempotency.READ_ONLY
    }
    assert asked == ADMINS_ONLY.keys() | OF_OTHERS.keys()


def test_only_an_admin_has_verbs_that_nobody_named() -> None:
    assert [
        f"{role}: {grant.pattern.text}"
        for role in GRANTS.keys() - {"admin"}
        for grant in GRANTS[role]
        if grant.pattern.text.endswith(".*")
    ] == []


def test_nobody_but_an_admin_sees_what_others_keep_to_themselves() -> None:
    """An analyst sees every customer, and no colleague's own view."""
    beyond = {
        role
        for role, grants in GRANTS.items()
        for grant in grants
        for permission in ("customer.views.read", "customer.views.write")
        if grant.scope is Scope.ALL and grant.pattern.matches(permission)
    }
    assert beyond == {"admin"}


def test_whoever_reads_customers_may_keep_views() -> None:
    readers = held_by("customer.customers.read")
    assert readers == held_by("customer.views.read") == held_by("customer.views.write")
