"""The public conformance cases of google.api.http, where a checkout has them beside it.

They are not part of the project; the project's own cases stand in the tests themselves.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

_BESIDE = Path(__file__).parents[3] / "shared" / "data" / "http_rule_cases.json"


def public_cases(kind: str) -> list[dict[str, Any]]:
    """The cases of one kind; none where the file is absent. GUANXI_HTTP_RULE_CASES names it."""
    path = Path(os.environ.get("GUANXI_HTTP_RULE_CASES", _BESIDE))
    if not path.is_file():
        return []
    cases: list[dict[str, Any]] = json.loads(path.read_text("utf-8"))[kind]
    return cases


def public_error_statuses() -> dict[str, int]:
    """Canonical code to HTTP status; empty where the file is absent."""
    path = Path(os.environ.get("GUANXI_HTTP_RULE_CASES", _BESIDE))
    if not path.is_file():
        return {}
    statuses: dict[str, int] = json.loads(path.read_text("utf-8"))["error_status"]["map"]
    return statuses
