"""Settings of the sales service: the shared ones, and `GUANXI_SALES_…`."""

from services.chassis.settings import ServiceSettings

__all__ = ["SalesSettings"]


class SalesSettings(ServiceSettings):
    """What the sales service understands."""

    process = "sales"

    listen: str = "127.0.0.1:50052"
    admin_listen: str = "127.0.0.1:9052"
