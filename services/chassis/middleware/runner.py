"""The outermost step: runs a call through the middleware and turns what was raised into a status.
The only place where an exception becomes an answer."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Final

import grpc
from structlog.typing import FilteringBoundLogger

from services.chassis import context as running
from services.chassis.descriptors import Idempotency, Method
from services.chassis.errors import DomainError, Kind
from services.chassis.middleware.call import Call, Proceed, metadata
from services.chassis.status import code_of, to_status
from services.chassis.wire import DETAILS_KEY, RETRY_PUSHBACK_KEY

__all__ = ["Handler", "Runner"]

Context = grpc.aio.ServicerContext[Any, Any]
Handler = Callable[[Any, Context], Awaitable[Any]]

# What a channel's second try takes before it is answered: its pause, the way, the work.
_REPEAT_SECONDS: Final = 0.5


class Runner:
    """Answers errors in the name of one service (`sales`), and ends long reads when it drains."""

    def __init__(self, domain: str, logger: FilteringBoundLogger) -> None:
        self._domain = domain
        self._logger = logger
        self._running: dict[asyncio.Task[Any] | None, Method] = {}
        self._ended: set[asyncio.Task[Any]] = set()

    def wrap(self, method: Method, proceed: Proceed) -> Handler:
        """The method as gRPC calls it."""

        async def handle(request: Any, context: Context) -> Any:
            call = Call(method, request, context, metadata.get())
            task = asyncio.current_task()
            self._running[task] = method
            try:
                return await proceed(call)
            except asyncio.CancelledError:
                if task is None or task not in self._ended:
                    raise
                task.uncancel()
                self._ended.discard(task)
                await self._answer(call, _draining())
            except DomainError as error:
                await self._answer(call, error)
            except grpc.aio.AbortError:
                raise
            except Exception as error:
                await self._answer_unexpected(call, error)
            finally:
                del self._running[task]

        return handle

    def end_reads(self) -> None:
        """Answers UNAVAILABLE to all that only read (long polls, watches): another replica can."""
        for task, method in self._running.items():
            if task is not None and method.idempotency is Idempotency.READ_ONLY:
                self._ended.add(task)
                task.cancel()

    async def _answer_unexpected(self, call: Call, error: Exception) -> None:
        self._logger.exception(
            "unexpected error",
            method=call.method.path,
            request_id=call.request_id,
            caller=call.identity.subject if call.identity else "",
            exc_info=error,
        )
        await self._answer(call, _internal(call.request_id))

    async def _answer(self, call: Call, error: DomainError) -> None:
        status = to_status(error, self._domain)
        others = tuple(call.context.trailing_metadata() or ())
        await call.context.abort(
            code_of(error.kind),
            status.message,
            (*others, *_pushback(error), (DETAILS_KEY, status.SerializeToString())),
        )


def _pushback(error: DomainError) -> tuple[tuple[str, str], ...]:
    """Keeps the caller's channel from a try that would end with the deadline: all its caller would
    learn then is DEADLINE_EXCEEDED, and not why."""
    remaining = running.remaining_seconds()
    if error.kind is not Kind.UNAVAILABLE or remaining is None or remaining > _REPEAT_SECONDS:
        return ()
    return ((RETRY_PUSHBACK_KEY, "-1"),)


def _internal(request_id: str) -> DomainError:
    return DomainError(
        Kind.INTERNAL,
        "INTERNAL",
        f"something went wrong here; quote the request id {request_id} when you report it",
        metadata={"request_id": request_id},
    )


def _draining() -> DomainError:
    return DomainError(
        Kind.UNAVAILABLE,
        "DRAINING",
        "this process is stopping; ask again to reach another one",
        retry_after_seconds=0.5,
    )
