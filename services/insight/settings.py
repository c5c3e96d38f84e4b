"""Settings of the insight service: the shared ones, and `GUANXI_INSIGHT_…`."""

from pydantic import Field

from services.chassis.settings import ServiceSettings

__all__ = ["InsightSettings"]


class InsightSettings(ServiceSettings):
    """What the insight service understands."""

    process = "insight"
    listen: str = "127.0.0.1:50053"
    admin_listen: str = "127.0.0.1:9053"
    feed_partitions: int = Field(
        1,
        ge=1,
        le=64,
        description="Into how many parts the event logs are read, each by one replica at a time; a "
        "power of two, at least the number of replicas.",
    )
    batch_events: int = Field(
        5_000,
        ge=1,
        le=5_000,
        description="At most this many events are applied in one transaction.",
    )
    idle_seconds: float = Field(
        1.0,
        gt=0,
        description="How long nothing must have arrived before cut points follow a changed number "
        "of buyers.",
    )
