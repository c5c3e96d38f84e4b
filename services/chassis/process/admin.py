"""The admin port: /metrics for Prometheus, /livez and /readyz for whoever runs the process."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4

if TYPE_CHECKING:
    from uvicorn._types import (
        ASGI3Application,
        ASGIReceiveCallable,
        ASGISendCallable,
        Scope,
    )

__all__ = ["admin_app"]

_TEXT = "text/plain; charset=utf-8"


def admin_app(
    registry: CollectorRegistry,
    ready: Callable[[], bool],
    complaints: Callable[[], Sequence[str]] = tuple,
) -> "ASGI3Application":
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

    async def app(scope: "Scope", receive: "ASGIReceiveCallable", send: "ASGISendCallable") -> None:
        if scope["type"] != "http":
            return
        status, content_type, body = answer(scope["path"])
        headers = [
            (b"content-type", content_type.encode()),
            (b"content-length", str(len(body)).encode()),
        ]
        await send(
            {
                "type": "http.response.start",
                "status": status,
                "headers": headers,
                "trailers": False,
            }
        )
        await send({"type": "http.response.body", "body": body, "more_body": False})

    return app
