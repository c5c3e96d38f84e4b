"""The methods gRPC serves: the middleware is composed around each when it is registered, so that a
call costs one look-up. An interceptor, which does the same, costs two coroutines more a call."""

import inspect
from collections.abc import Mapping
from contextlib import aclosing
from typing import Any, TypeAlias

import grpc

from services.chassis.descriptors import ContractError, Method, methods_of
from services.chassis.middleware.call import Call, Middleware, Proceed, metadata
from services.chassis.middleware.runner import Handler, Runner

__all__ = ["ORDER", "MethodHandler", "Methods"]

# From the outside in. The runner stands around all of them.
ORDER = (
    "request_id",
    "request_log",
    "metrics",
    "deadline",
    "authentication",
    "encoding",
    "access",
    "decoding",
    "validation",
    "consistency",
)

# Quoted: generic in the stubs only.
MethodHandler: TypeAlias = "grpc.RpcMethodHandler[Any, Any]"


class Methods(grpc.GenericRpcHandler):
    """Puts the middleware around the services it is told of; health and reflection, which it is
    not told of, stand beside it."""

    def __init__(self, runner: Runner, middleware: Mapping[str, Middleware]) -> None:
        if set(middleware) != set(ORDER):
            raise ValueError(f"middleware must be exactly {', '.join(ORDER)}")
        self._runner = runner
        self._middleware = [middleware[name] for name in reversed(ORDER)]
        self._handlers: dict[str, MethodHandler] = {}

    def protect(self, service: str, handlers: Mapping[str, MethodHandler]) -> None:
        """Composes the middleware around a service's methods, by what its contract says.

        Raises ContractError where a method's contract is incomplete.
        """
        for method in methods_of(service):
            handler = handlers.get(method.name)
            if handler is None:
                raise ContractError(f"{method.full_name} is in the contract and not served")
            proceed = _innermost(method, handler)
            for middleware in self._middleware:
                proceed = middleware.wrap(method, proceed)
            self._handlers[method.path] = _as_handler(
                method, handler, self._runner.wrap(method, proceed)
            )

    def service(self, handler_call_details: grpc.HandlerCallDetails) -> "MethodHandler | None":
        """What serves a call, asked by gRPC in the task of the call; None for other services."""
        metadata.set(handler_call_details.invocation_metadata or ())
        return self._handlers.get(handler_call_details.method)


def _innermost(method: Method, handler: MethodHandler) -> Proceed:
    """The servicer's own method, in the one form middleware knows."""
    behaviour: Any = (
        handler.unary_unary or handler.unary_stream or handler.stream_unary or handler.stream_stream
    )
    if inspect.isasyncgenfunction(behaviour):

        async def run_stream(call: Call) -> None:
            async with aclosing(behaviour(call.request, call.context)) as replies:
                async for reply in replies:
                    await call.context.write(reply)

        return run_stream
    if not inspect.iscoroutinefunction(behaviour):
        raise ContractError(f"{method.full_name} is not served by an async function")

    async def run(call: Call) -> Any:
        return await behaviour(call.request, call.context)

    return run


def _as_handler(method: Method, original: MethodHandler, run: Handler) -> MethodHandler:
    make: Any = {
        (False, False): grpc.unary_unary_rpc_method_handler,
        (False, True): grpc.unary_stream_rpc_method_handler,
        (True, False): grpc.stream_unary_rpc_method_handler,
        (True, True): grpc.stream_stream_rpc_method_handler,
    }[method.client_streaming, method.server_streaming]
    handler: MethodHandler = make(
        run,
        request_deserializer=None,  # bytes: nobody's message is parsed before they may call
        # An answer comes as bytes; what a stream sends doesn't.
        response_serializer=original.response_serializer if method.server_streaming else None,
    )
    return handler
