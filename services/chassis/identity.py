"""In whose name a service calls another: its own caller's, or its own."""

import time
from collections.abc import Callable

from services.chassis import context
from services.chassis.access.speakers import SERVICE_ROLE, subject_of
from services.chassis.access.token import MAX_LIFETIME_SECONDS, Signer
from services.chassis.clock import Span
from services.chassis.errors import unauthenticated

__all__ = ["ForwardedToken", "ServiceToken"]

# Signed anew 20 s before the end, so that no token expires on its way.
_REUSE_SECONDS = MAX_LIFETIME_SECONDS - 20


class ForwardedToken:
    """The running request's own token: the gateway names all services a request may need in it."""

    def token(self) -> str:
        """Raises UNAUTHENTICATED outside of a request."""
        token = context.current_token()
        if not token:
            raise unauthenticated("TOKEN_MISSING", "no request is running whose token to pass on")
        return token


class ServiceToken:
    """A service acting for itself towards one other: subject `services/<name>`, role `service`."""

    def __init__(
        self,
        signer: Signer,
        name: str,
        audience: str,
        *,
        now: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._signer = signer
        self._subject = subject_of(name)
        self._audience = audience
        self._now = now
        self._monotonic = monotonic
        self._token = ""
        self._reuse: Span | None = None

    def token(self) -> str:
        """The same token for as long as it is good, then a new one."""
        now, monotonic = self._now(), self._monotonic()
        if self._reuse is None or not self._reuse.holds(now=now, monotonic=monotonic):
            self._token = self._signer.sign(
                self._subject, roles=[SERVICE_ROLE], audience=self._audience
            )
            self._reuse = Span.of(_REUSE_SECONDS, now=now, monotonic=monotonic)
        return self._token
