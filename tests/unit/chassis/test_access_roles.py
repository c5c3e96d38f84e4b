"""What each role may do, as services/roles.toml says it, and how API keys narrow it."""

from __future__ import annotations

from pathlib import Path

import pytest

from services.chassis.access import Authorizer, RolesError, load_roles
from services.chassis.access.roles import Pattern
from services.chassis.caller import Scope
from services.chassis.descriptors import Idempotency, load_catalogue

AUTHORIZER = Authorizer(load_roles())
EVERY_PERMISSION = {method.permission for method in load_catalogue().methods.values()}
FOR_SERVICES_ONLY = {
    method.permission for method in load_catalogue().methods.values() if method.internal
}


def _scope(role: str, permission: str, scopes: tuple[str, ...] | None = None) -> Scope | None:
    return AUTHORIZER.scope_of((role,), scopes, permission)


def test_an_admin_may_do_everything_apps_can_do_on_every_row() -> None:
    public = EVERY_PERMISSION - FOR_SERVICES_ONLY
    assert {_scope("admin", permission) for permission in public} == {Scope.ALL}


@pytest.mark.parametrize(
    "role", ["admin", "manager", "rep", "marketer", "support", "analyst", "app"]
)
def test_everybody_may_know_the_companys_currency_and_time_zone(role: str) -> None:
    assert _scope(role, "gateway.company.read") is not None


@pytest.mark.parametrize(
    ("role", "permission", "scope"),
    [
        ("rep", "sales.orders.write", Scope.OWN),
        ("rep", "customer.customers.delete", None),
        ("rep", "sales.orders.import", None),
        ("rep", "insight.rules.write", None),
        ("manager", "sales.orders.write", Scope.TEAM),
        ("manager", "customer.customers.delete", Scope.TEAM),
        ("manager", "insight.feeds.manage", None),
        ("marketer", "customer.touchpoints.import", Scope.ALL),
        ("marketer", "sales.orders.read", None),
        ("support", "sales.orders.read", Scope.ALL),
        ("support", "sales.orders.write", None),
        ("analyst", "insight.segments.run", Scope.ALL),
        ("analyst", "customer.customers.write", None),
        ("app", "sales.orders.import", Scope.ALL),
        # What an import asks for besides: the company's zone, how far insight is, the cut points.
        ("app", "gateway.company.read", Scope.ALL),
        ("app", "insight.feeds.read", Scope.ALL),
        ("app", "insight.segments.run", Scope.ALL),
        ("app", "gateway.briefs.read", Scope.ALL),
        ("app", "customer.customers.delete", None),
        ("service", "sales.orders.read", None),
        ("stranger", "sales.orders.read", None),
    ],
)
def test_a_role_has_the_scope_the_table_gives_it(
    role: str, permission: str, scope: Scope | None
) -> None:
    assert _scope(role, permission) == scope


def test_no_role_may_read_event_logs() -> None:
    assert not {role for role in load_roles().grants if _scope(role, "events.feed.pull")}


FEED = {"guanxi.events.v1.EventFeed.GetHead", "guanxi.events.v1.EventFeed.Pull"}


@pytest.mark.parametrize(
    ("service", "methods"),
    [
        (
            "customer",
            FEED
            | {
                "guanxi.sales.v1.PeopleService.BatchGetUsers",
                "guanxi.sales.v1.PeopleService.ListTeams",
            },
        ),
        ("insight", FEED | {"guanxi.sales.v1.PeopleService.BatchGetUsers"}),
        ("sales", FEED | {"guanxi.customer.v1.CustomerService.BatchGetCustomers"}),
        ("gateway", {"guanxi.sales.v1.PeopleService.LookUpReach"}),
    ],
)
def test_a_service_calls_for_itself_what_it_needs_and_no_other_method(
    service: str, methods: set[str]
) -> None:
    may = {
        method.full_name
        for method in load_catalogue().methods.values()
        if f"services/{service}" in AUTHORIZER.services_that_call(method.full_name)
    }
    assert may == methods


def test_every_method_that_a_service_calls_is_there_and_only_reads() -> None:
    there = {
        method.full_name
        for method in load_catalogue().methods.values()
        if method.idempotency is Idempotency.READ_ONLY and not method.server_streaming
    }
    assert frozenset().union(*load_roles().services.values()) <= there


def test_the_widest_of_several_roles_counts() -> None:
    assert AUTHORIZER.scope_of(("rep", "manager"), None, "sales.orders.read") is Scope.TEAM


def test_an_api_keys_scopes_narrow_its_roles_and_never_add_to_them() -> None:
    assert _scope("app", "sales.orders.read", ("sales.*.read",)) is Scope.ALL
    assert _scope("app", "sales.orders.write", ("sales.*.read",)) is None
    assert _scope("rep", "sales.orders.import", ("*.*.*",)) is None
    assert _scope("rep", "sales.orders.read", ("*.*.*",)) is Scope.OWN
    assert _scope("rep", "sales.orders.read", ()) is None
    assert _scope("rep", "sales.orders.read", ("everything",)) is None


def test_every_pattern_of_the_table_means_at_least_one_permission_of_the_contracts() -> None:
    idle = [
        f"{role}: {grant.pattern.text}"
        for role, grants in load_roles().grants.items()
        for grant in grants
        if not any(grant.pattern.matches(permission) for permission in EVERY_PERMISSION)
    ]
    assert idle == []


@pytest.mark.parametrize(
    ("pattern", "permission", "matches"),
    [
        ("sales.orders.read", "sales.orders.read", True),
        ("sales.*.read", "sales.orders.read", True),
        ("*.*.*", "sales.orders.read", True),
        ("sales.*.read", "sales.orders.write", False),
        ("*.*.read", "sales.read", False),
        ("*.*.read", "sales.orders.lines.read", False),
    ],
)
def test_a_star_stands_for_exactly_one_part(pattern: str, permission: str, matches: bool) -> None:
    assert Pattern.parse(pattern).matches(permission) is matches


@pytest.mark.parametrize(
    ("table", "named"),
    [
        ('[rep]\nMINE = ["sales.orders.read"]', "MINE"),
        ('[rep]\nOWN = ["sales.orders"]', "sales.orders"),
        ('[rep]\nOWN = "sales.orders.read"', "rep"),
        ('rep = "all"', "rep"),
        ("[rep", "cannot be read"),
        ('[service]\nALL = ["*.*.read"]', "service"),
        ('services = "all"', "services"),
        ('[services]\nsales = ["*"]', "sales"),
        ('[services]\nsales = "guanxi.events.v1.EventFeed.Pull"', "sales"),
    ],
)
def test_a_table_that_makes_no_sense_stops_the_start_naming_the_entry(
    tmp_path: Path, table: str, named: str
) -> None:
    path = tmp_path / "roles.toml"
    path.write_text(table, "utf-8")
    with pytest.raises(RolesError, match=named):
        load_roles(path)
