"""What every gRPC server of the suite tells its library, the public one as well as those within."""

from services.chassis.wire import MAX_MESSAGE_BYTES

__all__ = ["server_options"]

_CONNECTION_GRACE_SECONDS = 60
# Clients of the suite ask every 30 s whether a silent connection lives. gRPC's own bound is 300 s,
# and whoever asks oftener is thrown out.
_LEAST_PING_SECONDS = 10.0


def server_options(
    max_connection_age_seconds: float, least_ping_seconds: float = _LEAST_PING_SECONDS
) -> list[tuple[str, int]]:
    """Options of `grpc.aio.server`. One that gRPC doesn't know is ignored without a word: a test
    holds each name against the library."""
    return [
        # Two processes on one port would share its calls at random.
        ("grpc.so_reuseport", 0),
        # Without an age, clients never find replicas that come later.
        ("grpc.max_connection_age_ms", round(max_connection_age_seconds * 1000)),
        ("grpc.max_connection_age_grace_ms", _CONNECTION_GRACE_SECONDS * 1000),
        ("grpc.http2.min_ping_interval_without_data_ms", round(least_ping_seconds * 1000)),
        ("grpc.keepalive_permit_without_calls", 1),
        ("grpc.max_receive_message_length", MAX_MESSAGE_BYTES),
    ]
