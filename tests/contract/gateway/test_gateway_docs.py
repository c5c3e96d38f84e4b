"""What is public beside the API: its description and the page that shows it offline."""

from __future__ import annotations

import re

import httpx
import pytest

from tests.support.gateway import RunningGateway

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_the_description_is_there_for_everybody(gateway: RunningGateway) -> None:
    async with httpx.AsyncClient(base_url=gateway.url) as stranger:
        answer = await stranger.get("/openapi.json")
    assert answer.json()["openapi"] == "3.1.0"
    assert "/v1/customers/{customer}" in answer.json()["paths"]


async def test_the_page_loads_nothing_from_elsewhere(gateway: RunningGateway) -> None:
    async with httpx.AsyncClient(base_url=gateway.url) as stranger:
        page = await stranger.get("/docs")
        links = re.findall(r'(?:src|href)="([^"]+)"', page.text)
        assert links
        for link in links:
            assert link.startswith("/"), link
            assert (await stranger.get(link)).status_code == 200
    assert "default-src 'self'" in page.headers["content-security-policy"]


async def test_a_gateway_that_serves_is_ready(gateway: RunningGateway) -> None:
    async with httpx.AsyncClient(base_url=gateway.admin_url) as prober:
        assert (await prober.get("/readyz")).status_code == 200
        assert (await prober.get("/livez")).status_code == 200
