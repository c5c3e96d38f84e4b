"""Fixed pages beside the routes: the API's description and the page that shows it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

__all__ = ["Page", "api_pages"]

_FOLDER = Path(__file__).with_name("docs")


@dataclass(frozen=True, slots=True)
class Page:
    """An answer that is the same for everybody, and public."""

    headers: tuple[tuple[bytes, bytes], ...]
    body: bytes


def api_pages(openapi: Mapping[str, Any]) -> dict[str, Page]:
    """`/openapi.json` and `/docs`, which shows it without anything from elsewhere."""
    document = json.dumps(openapi, ensure_ascii=False, separators=(",", ":")).encode()
    pages = {"/openapi.json": _page("application/json", document)}
    for path, name, kind in (
        ("/docs", "index.html", "text/html; charset=utf-8"),
        ("/docs/docs.js", "docs.js", "text/javascript; charset=utf-8"),
        ("/docs/docs.css", "docs.css", "text/css; charset=utf-8"),
    ):
        pages[path] = _page(kind, (_FOLDER / name).read_bytes())
    return pages


def _page(content_type: str, body: bytes) -> Page:
    headers = (
        (b"content-type", content_type.encode()),
        (b"content-security-policy", b"default-src 'self'"),
        (b"x-content-type-options", b"nosniff"),
    )
    return Page(headers, body)
