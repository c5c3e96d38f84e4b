"""The gateway's page names every setting and every reason there is."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import gateway
from gateway.settings import GatewaySettings
from services.chassis.errors import Kind
from services.chassis.settings import SharedSettings

FOLDER = Path(gateway.__file__).parent
PAGE = (FOLDER / "README.md").read_text("utf-8")
OWN_SETTINGS = sorted(set(GatewaySettings.model_fields) - set(SharedSettings.model_fields))
REASONS = sorted(
    {
        text
        for path in FOLDER.rglob("*.py")
        if "briefs" not in path.parts
        for text in re.findall(r'"([A-Z]+(?:_[A-Z]+)+)"', path.read_text("utf-8"))
    }
    - {kind.value for kind in Kind}
)


@pytest.mark.parametrize("field", OWN_SETTINGS)
def test_every_setting_is_explained(field: str) -> None:
    assert f"`{GatewaySettings.variable(field)}`" in PAGE


@pytest.mark.parametrize("reason", REASONS)
def test_every_reason_is_listed(reason: str) -> None:
    assert f"`{reason}`" in PAGE
