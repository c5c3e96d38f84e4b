"""Fixed pages beside the routes: the API's description and the page that shows it."""

import importlib.util
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

__all__ = ["Page", "api_pages"]

_OURS = Path(__file__).with_name("docs")
# Nothing from elsewhere is ever loaded; Swagger UI styles elements and draws icons from data URLs.
_POLICY = b"default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:"


@dataclass(frozen=True, slots=True)
class Page:
    """An answer that is the same for everybody, and public."""

    headers: tuple[tuple[bytes, bytes], ...]
    body: bytes


def api_pages(openapi: Mapping[str, Any]) -> dict[str, Page]:
    """`/openapi.json`, and `/docs` which shows it with Swagger UI, without any other host."""
    swagger = _swagger_ui()
    document = json.dumps(openapi, ensure_ascii=False, separators=(",", ":")).encode()
    return {
        "/openapi.json": _page("application/json", document),
        "/docs": _page("text/html; charset=utf-8", (_OURS / "index.html").read_bytes()),
        "/docs/start.js": _page("text/javascript", (_OURS / "start.js").read_bytes()),
        "/docs/swagger-ui.js": _page(
            "text/javascript", (swagger / "swagger-ui-bundle.js").read_bytes()
        ),
        "/docs/swagger-ui.css": _page("text/css", (swagger / "swagger-ui.css").read_bytes()),
        "/docs/favicon.png": _page("image/png", (swagger / "favicon-32x32.png").read_bytes()),
    }


def _swagger_ui() -> Path:
    """The static files of the wheel `swagger-ui-py`, found without importing its code."""
    spec = importlib.util.find_spec("swagger_ui")
    if spec is None or spec.origin is None:
        raise FileNotFoundError("swagger-ui-py is not installed")
    return Path(spec.origin).with_name("static")


def _page(content_type: str, body: bytes) -> Page:
    headers = (
        (b"content-type", content_type.encode()),
        (b"cache-control", b"no-cache" if content_type == "application/json" else b"max-age=3600"),
        (b"content-security-policy", _POLICY),
        (b"x-content-type-options", b"nosniff"),
    )
    return Page(headers, body)
