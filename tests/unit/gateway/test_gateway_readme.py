"""The gateway's page names every setting and every reason there is."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import gateway
from gateway.settings import GatewaySettings
from services.chassis.settings import SharedSettings

FOLDER = Path(gateway.__file__).parent
PAGE = (FOLDER / "README.md").read_text("utf-8")
OWN_SETTINGS = sorted(set(GatewaySettings.model_fields) - set(SharedSettings.model_fields))
MAKERS = {"DomainError", "invalid", "unauthenticated", "unavailable", "_too_large"}


def reasons_in(source: str) -> Iterator[str]:
    """What is in capitals among the arguments of whatever makes an error."""
    for node in ast.walk(ast.parse(source)):
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Name)
            and node.func.id in MAKERS
        ):
            texts = (a.value for a in node.args if isinstance(a, ast.Constant))
            yield from (t for t in texts if isinstance(t, str) and re.fullmatch("[A-Z_]{3,}", t))


SOURCES = (path for path in FOLDER.rglob("*.py") if "briefs" not in path.parts)
REASONS = sorted({reason for path in SOURCES for reason in reasons_in(path.read_text("utf-8"))})


@pytest.mark.parametrize("field", OWN_SETTINGS)
def test_every_setting_is_explained(field: str) -> None:
    assert f"`{GatewaySettings.variable(field)}`" in PAGE


@pytest.mark.parametrize("reason", REASONS)
def test_every_reason_is_listed(reason: str) -> None:
    assert f"`{reason}`" in PAGE
