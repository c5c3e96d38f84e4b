"""Methods that show rows of all owners at once: for callers who see the company alone."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import structlog
from structlog.testing import capture_logs

from services.chassis.access import Authorizer, load_roles
from services.chassis.access.identity import Identity
from services.chassis.caller import Scope, current_caller
from services.chassis.descriptors import DataScope, load_catalogue
from services.chassis.errors import DomainError, Kind
from services.chassis.middleware.access import Access
from services.chassis.middleware.call import Call

ORDERS = load_catalogue().methods["/guanxi.sales.v1.OrderService/ListOrders"]
OF_EVERYONE = replace(ORDERS, data_scope=DataScope.COMPANY)


async def scope_of(role: str) -> Scope:
    """What the handler is told of a caller with this role."""

    async def handle(_: Call) -> Scope:
        return current_caller().scope

    nothing: Any = None
    me = Identity("users/me", (role,), ("teams/north",), None, "", 0)
    access = Access(Authorizer(load_roles()), structlog.get_logger())
    call = Call(OF_EVERYONE, nothing, nothing, (), identity=me)
    found: Scope = await access.wrap(OF_EVERYONE, handle)(call)
    return found


@pytest.mark.parametrize("role", ["admin", "analyst", "app"])
async def test_who_sees_the_company_may_call_it(role: str) -> None:
    assert await scope_of(role) is Scope.ALL


@pytest.mark.parametrize(
    ("role", "reason"),
    [("manager", "COMPANY_NEEDED"), ("rep", "COMPANY_NEEDED"), ("marketer", "PERMISSION_DENIED")],
)
async def test_who_sees_a_team_or_their_own_rows_is_refused(role: str, reason: str) -> None:
    with capture_logs() as logs, pytest.raises(DomainError) as refused:
        await scope_of(role)
    assert (refused.value.kind, refused.value.reason) == (Kind.PERMISSION_DENIED, reason)
    assert refused.value.metadata == {"permission": "sales.orders.read"}
    (audited,) = logs
    assert audited["audit"]
    assert audited["caller"] == "users/me"
