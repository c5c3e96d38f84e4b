"""Fixed documents beside the routes: the API's description and the page that shows it."""

import importlib.util
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

__all__ = ["Document", "api_documents"]

_OURS = Path(__file__).with_name("docs")
# Nothing from elsewhere is ever loaded; Swagger UI styles elements and draws icons from data URLs.
_POLICY = b"default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:"


@dataclass(frozen=True, slots=True)
class Document:
    """An answer that is the same for everybody, and public."""

    headers: tuple[tuple[bytes, bytes], ...]
    body: bytes


def api_documents(openapi: Mapping[str, Any]) -> dict[str, Document]:
    """`/openapi.json`, and `/docs` which shows it with Swagger UI, without any other host."""
    swagger = _swagger_ui()
    described = json.dumps(openapi, ensure_ascii=False, separators=(",", ":")).encode()
    return {
        "/openapi.json": _document("application/json", described),
        "/docs": _document("text/html; charset=utf-8", (_OURS / "index.html").read_bytes()),
        "/docs/start.js": _document("text/javascript", (_OURS / "start.js").read_bytes()),
        "/docs/swagger-ui.js": _document(
            "text/javascript", (swagger / "swagger-ui-bundle.js").read_bytes()
        ),
        "/docs/swagger-ui.css": _document("text/css", (swagger / "swagger-ui.css").read_bytes()),
        "/docs/favicon.png": _document("image/png", (swagger / "favicon-32x32.png").read_bytes()),
    }


def _swagger_ui() -> Path:
    """The static files of the wheel `swagger-ui-py`, found without importing its code."""
    spec = importlib.util.find_spec("swagger_ui")
    if spec is None or spec.origin is None:
        raise FileNotFoundError("swagger-ui-py is not installed")
    return Path(spec.origin).with_name("static")


def _document(content_type: str, body: bytes) -> Document:
    headers = (
        (b"content-type", content_type.encode()),
        (b"cache-control", b"no-cache" if content_type == "application/json" else b"max-age=3600"),
        (b"content-security-policy", _POLICY),
        (b"x-content-type-options", b"nosniff"),
    )
    return Document(headers, body)
