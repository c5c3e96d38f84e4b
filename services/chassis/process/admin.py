"""The admin port: /metrics for Prometheus, /livez and /readyz for whoever runs the process."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeAlias

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4

from services.chassis.http.exchange import Message, Scope

__all__ = ["admin_app"]

Application: TypeAlias = Callable[[Scope, Any, Callable[[Message], Awaitable[None]]], Any]

_TEXT = "text/plain; charset=utf-8"


def admin_app(
    registry: CollectorRegistry,
    ready: Callable[[], bool],
    complaints: Callable[[], Sequence[str]] = tuple,
) -> Application:
    """The ASGI application of the admin port; /readyz tells the complaints, a line each."""

    def answer(path: str) -> tuple[int, str, bytes]:
        if path == "/metrics":
            return 200, CONTENT_TYPE_PLAIN_0_0_4, generate_latest(registry)
        if path == "/livez":
            return 200, _TEXT, b"ok\n"
        if path == "/readyz":
            status, said = (200, "ok") if ready() else (503, "not ready")
            return status, _TEXT, "".join(f"{line}\n" for line in (said, *complaints())).encode()
        return 404, _TEXT, b"not found: /metrics, /livez and /readyz are here\n"

    async def app(scope: Scope, receive: Any, send: Callable[[Message], Awaitable[None]]) -> None:
        status, content_type, body = answer(scope["path"])
        headers = [
            (b"content-type", content_type.encode()),
            (b"content-length", str(len(body)).encode()),
        ]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    return app
