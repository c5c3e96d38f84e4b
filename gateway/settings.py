"""The gateway's settings: `GUANXI_GATEWAY_…` beside those all processes share."""

from pathlib import Path
from typing import Any, ClassVar

from pydantic import Field, model_validator

from services.chassis.settings import SigningSettings

__all__ = ["GatewaySettings"]


class GatewaySettings(SigningSettings):
    """What the gateway understands."""

    process: ClassVar[str] = "gateway"

    listen: str = Field("127.0.0.1:8080", description="Address of REST, /docs and event streams.")
    grpc_listen: str = Field("127.0.0.1:50050", description="Address of the gRPC proxy.")
    admin_listen: str = Field(
        "127.0.0.1:9050", description="Address of /metrics, /livez and /readyz."
    )
    api_keys_file: Path = Field(
        Path(),
        description="File of the API keys (hashes only); `api-keys.json` in the data folder by "
        "default. Read again when it changes.",
    )
    max_connections: int = Field(
        1000,
        gt=0,
        description="HTTP connections that may be open, and as many over gRPC; a newcomer beyond "
        "takes the place of the one that has waited longest for its caller, of who has shown no "
        "key first (gRPC: is refused).",
    )
    head_seconds: float = Field(
        10.0, gt=0, description="Time in which a request's line and headers must have arrived."
    )
    body_seconds: float = Field(
        60.0,
        gt=0,
        description="Time in which a request's body, or the message of a call, must have arrived "
        "whole.",
    )
    idle_seconds: float = Field(
        75.0, gt=0, description="How long a connection may be open without a request or call."
    )
    send_seconds: float = Field(
        30.0,
        gt=0,
        description="Time in which a reader takes in 16 KiB of an answer that waits, or is cut "
        "off.",
    )
    send_bytes_per_second: int = Field(
        16_384,
        gt=0,
        description="Pace at which an answer that waits is read at least, beyond "
        "`GUANXI_GATEWAY_SEND_SECONDS`; a slower reader is cut off.",
    )
    streams_per_caller: int = Field(
        100,
        gt=0,
        description="Streams one caller may have open, over HTTP and gRPC together; each process "
        "counts its own.",
    )
    rate_per_second: int = Field(
        200, gt=0, description="Requests one caller may make per second, over time."
    )
    heartbeat_seconds: float = Field(
        15.0, gt=0, description="A silent stream says that it lives this often."
    )
    rate_burst: int = Field(400, gt=0, description="Requests one caller may make at once.")

    @model_validator(mode="before")
    @classmethod
    def _keys_in_data_dir(cls, values: dict[str, Any]) -> dict[str, Any]:
        folder = values.get("data_dir", cls.model_fields["data_dir"].default)
        return {"api_keys_file": f"{folder}/api-keys.json", **values}
