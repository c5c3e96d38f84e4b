"""Settings of the sales service: the shared ones, and `GUANXI_SALES_…`."""

from pydantic import Field

from services.chassis.settings import ServiceSettings

__all__ = ["SalesSettings"]


class SalesSettings(ServiceSettings):
    """What the sales service understands."""

    process = "sales"

    listen: str = "127.0.0.1:50052"
    admin_listen: str = "127.0.0.1:9052"
    customer_partitions: int = Field(
        1,
        ge=1,
        le=1024,
        description="In how many parts the events of customer are read, each by one replica at a "
        "time; a power of two that can grow and not shrink.",
    )
