"""Finds out who calls, from the internal token in the metadata."""

from typing import Any

from services.chassis import context
from services.chassis.access.token import TokenError, Verifier
from services.chassis.descriptors import Method
from services.chassis.errors import unauthenticated
from services.chassis.middleware.call import Call, Proceed
from services.chassis.wire import AUTHORIZATION_KEY, BEARER

__all__ = ["Authentication"]


class Authentication:
    """Refuses whoever has no token this service believes."""

    def __init__(self, verifier: Verifier) -> None:
        self._verifier = verifier

    def wrap(self, method: Method, proceed: Proceed) -> Proceed:
        verify, prefix = self._verifier.verify, len(BEARER)

        async def run(call: Call) -> Any:
            header = call.header(AUTHORIZATION_KEY)
            if not header.startswith(BEARER):
                raise unauthenticated("TOKEN_MISSING", "the call carries no bearer token")
            token = header[prefix:]
            try:
                identity = verify(token)
            except TokenError as error:
                raise unauthenticated(error.reason, str(error)) from error
            if identity.request_id and identity.request_id != call.request_id:
                raise unauthenticated("TOKEN_REQUEST", "the token was made for another request")
            call.identity = identity
            context.token.set(token)
            return await proceed(call)

        return run
