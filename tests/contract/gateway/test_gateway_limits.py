"""How fast a caller may go: in one process, over Redis, and when Redis is away."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from gateway.limits import Limits
from gateway.metrics import GatewayMetrics
from gateway.signin.keys import create_key
from services.chassis.errors import DomainError, Kind
from services.chassis.metrics import Metrics
from tests.support.gateway import eventually, reason_of, running_gateway


class TestLimits:
    async def test_too_fast_is_told_when_to_come_back(self, tmp_path: Path) -> None:
        variables = {"GUANXI_GATEWAY_RATE_PER_SECOND": "1", "GUANXI_GATEWAY_RATE_BURST": "2"}
        async with running_gateway(tmp_path, variables) as gateway:
            answers = [await gateway.http.get("/v1/customers/ann") for _ in range(3)]
        assert [answer.status_code for answer in answers] == [200, 200, 429]
        assert reason_of(answers[2]) == "RATE_LIMITED"
        assert answers[2].headers["retry-after"] == "1"

    async def test_each_caller_has_a_bucket_of_their_own(self, tmp_path: Path) -> None:
        variables = {"GUANXI_GATEWAY_RATE_PER_SECOND": "1", "GUANXI_GATEWAY_RATE_BURST": "1"}
        async with running_gateway(tmp_path, variables) as gateway:
            assert (await gateway.http.get("/v1/customers/ann")).status_code == 200
            now = datetime.now(UTC)
            other = create_key(gateway.keys_file, "users/bob", roles=["admin"], now=now)
            assert (await eventually(gateway, other, "")).status_code == 200


class TestOverRedis:
    async def test_replicas_share_one_bucket(self, redis_url: str) -> None:
        first, second = limits(redis_url), limits(redis_url)
        await first.take("users/ann")
        with pytest.raises(DomainError) as refused:
            await second.take("users/ann")
        assert (refused.value.kind, refused.value.reason) == (
            Kind.RESOURCE_EXHAUSTED,
            "RATE_LIMITED",
        )
        assert 0 < (refused.value.retry_after_seconds or 0) <= 1
        await second.take("users/bob")

    async def test_a_redis_that_is_away_lets_everybody_through(self) -> None:
        metrics = Metrics()
        away = limits("redis://127.0.0.1:1/0", metrics)
        for _ in range(5):
            await away.take("users/ann")
        assert metrics.registry.get_sample_value("guanxi_gateway_limits_skipped_total") == 5


def limits(redis_url: str | None, metrics: Metrics | None = None) -> Limits:
    return Limits(1, 1, redis_url, GatewayMetrics(metrics or Metrics()), streams=1)
