"""The yardstick of gRPC reads, a process of its own: grpc.aio on uvloop that gives back the bytes
it was sent. No message is decoded, nothing is checked, logged or counted."""

from __future__ import annotations

import asyncio
from typing import Any

import grpc
import uvloop

PATH = "/guanxi.bench.v1.Bare/Echo"


async def _echo(request: bytes, context: Any) -> bytes:
    return request


async def _serve() -> None:
    server = grpc.aio.server()
    _, service, method = PATH.split("/")
    handler: Any = grpc.unary_unary_rpc_method_handler(_echo)
    server.add_generic_rpc_handlers(
        (grpc.method_handlers_generic_handler(service, {method: handler}),)
    )
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    print(port, flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    uvloop.run(_serve())
