"""Makes the bytes that are sent of an answer, where too many of them are still an error like any
other, logged and counted."""

from typing import Any

from services.chassis.descriptors import Method
from services.chassis.middleware.call import Call, Proceed
from services.chassis.replies import bytes_of

__all__ = ["Encoding"]


class Encoding:
    """Refuses an answer that is too long to be sent."""

    def wrap(self, method: Method, proceed: Proceed) -> Proceed:
        if method.server_streaming:
            return proceed

        async def run(call: Call) -> Any:
            return bytes_of(await proceed(call))

        return run
