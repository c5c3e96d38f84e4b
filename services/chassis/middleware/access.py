"""Decides whether the caller may use the method, and on which rows; says so to the store. And what
of the reply a service gets that calls for itself: nothing personal."""

from typing import Any

from structlog.typing import FilteringBoundLogger

from services.chassis.access.authorizer import Authorizer
from services.chassis.access.speakers import SERVICE_ROLE
from services.chassis.caller import Caller, Scope, acting_as
from services.chassis.descriptors import DataScope, Method
from services.chassis.errors import company_needed, permission_denied, unauthenticated
from services.chassis.events.personal import clear_personal
from services.chassis.middleware.call import Call, Proceed

__all__ = ["Access"]

# The last part of the permissions with which many rows are brought in at once.
_IMPORTS = ".import"


class Access:
    """Runs the method as its caller, within the scope the roles table gives them."""

    def __init__(self, authorizer: Authorizer, logger: FilteringBoundLogger) -> None:
        self._authorizer = authorizer
        self._logger = logger

    def wrap(self, method: Method, proceed: Proceed) -> Proceed:
        scope_of, permission = self._authorizer.scope_of, method.permission
        shared = method.data_scope is DataScope.SHARED
        of_everyone = method.data_scope is DataScope.COMPANY
        importing = permission.endswith(_IMPORTS)
        services = self._authorizer.services_that_call(method.full_name)

        async def run(call: Call) -> Any:
            identity = call.identity
            if identity is None:
                raise unauthenticated("TOKEN_MISSING", "the call carries no bearer token")
            for_itself = SERVICE_ROLE in identity.roles
            if for_itself:
                scope = Scope.ALL if identity.subject in services else None
            else:
                scope = scope_of(identity.roles, identity.scopes, permission)
            if scope is None or (of_everyone and scope is not Scope.ALL):
                self._logger.warning(
                    "access denied",
                    audit=True,
                    caller=identity.subject,
                    roles=identity.roles,
                    permission=permission,
                    method=method.path,
                )
                raise permission_denied(permission) if scope is None else company_needed(permission)
            caller = Caller(
                subject=identity.subject,
                roles=identity.roles,
                teams=identity.teams,
                scope=Scope.ALL if shared else scope,
                request_id=call.request_id,
                key=identity.key,
                importing=importing,
                granted=scope,
                permissions=identity.scopes,
            )
            with acting_as(caller):
                reply = await proceed(call)
            if for_itself and reply is not None:
                clear_personal(reply)
            return reply

        return run
