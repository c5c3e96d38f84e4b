"""Settings of the customer service: the shared ones, and `GUANXI_CUSTOMER_…`."""

from pydantic import Field

from services.chassis.settings import ServiceSettings

__all__ = ["CustomerSettings"]


class CustomerSettings(ServiceSettings):
    """What the customer service understands."""

    process = "customer"

    listen: str = "127.0.0.1:50051"
    admin_listen: str = "127.0.0.1:9051"
    sales_partitions: int = Field(
        1,
        ge=1,
        le=1024,
        description="In how many parts the events of sales are read, each by one replica at a "
        "time; a power of two that can grow and not shrink.",
    )
