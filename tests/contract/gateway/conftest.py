"""The gateway of most tests here: its usual settings, an admin's key. One for each file of tests,
which therefore run on one loop; what the services answer and have seen is each test's own."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio

from tests.support.gateway import RunningGateway, running_gateway


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def module_gateway(
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[RunningGateway]:
    async with running_gateway(tmp_path_factory.mktemp("gateway")) as running:
        yield running


@pytest.fixture
def gateway(module_gateway: RunningGateway) -> Iterator[RunningGateway]:
    yield module_gateway
    for service in (module_gateway.customers, module_gateway.alerts, module_gateway.people):
        service.answers.clear()
        service.streams.clear()
        service.seen.clear()
