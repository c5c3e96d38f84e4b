"""Answers a read that asks for it only after this service has caught up with its producers."""

from typing import Any, Protocol

from services.chassis.descriptors import Idempotency, Method
from services.chassis.errors import invalid
from services.chassis.middleware.call import Call, Proceed
from services.chassis.wire import CAUGHT_UP, CONSISTENCY_KEY

__all__ = ["CatchingUp", "Consistency"]


class CatchingUp(Protocol):
    """Knows what a service reads from others."""

    async def wait(self) -> None:
        """Returns once it is applied. Raises UNAVAILABLE (NOT_CAUGHT_UP)."""
        ...


class Consistency:
    """`guanxi-consistency: caught-up` on whatever only reads; a service that reads from nobody has
    always caught up."""

    def __init__(self, caught_up: CatchingUp | None) -> None:
        self._caught_up = caught_up

    def wrap(self, method: Method, proceed: Proceed) -> Proceed:
        caught_up = self._caught_up
        if caught_up is None or method.idempotency is not Idempotency.READ_ONLY:
            return proceed

        async def run(call: Call) -> Any:
            asked = call.header(CONSISTENCY_KEY)
            if asked == CAUGHT_UP:
                await caught_up.wait()
            elif asked:
                raise invalid(CONSISTENCY_KEY, "CONSISTENCY_UNKNOWN", f"can only be {CAUGHT_UP}")
            return await proceed(call)

        return run
