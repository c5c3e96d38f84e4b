"""What both ends of a call agree on besides the contract: metadata keys and message size."""

__all__ = [
    "AUTHORIZATION_KEY",
    "BEARER",
    "CAUGHT_UP",
    "CONSISTENCY_KEY",
    "DETAILS_KEY",
    "MAX_MESSAGE_BYTES",
    "REQUEST_ID_KEY",
    "RETRY_PUSHBACK_KEY",
]

AUTHORIZATION_KEY = "authorization"
BEARER = "Bearer "
REQUEST_ID_KEY = "x-request-id"
CONSISTENCY_KEY = "guanxi-consistency"
CAUGHT_UP = "caught-up"
DETAILS_KEY = "grpc-status-details-bin"
# gRPC's own: "-1" in a failed call's trailers keeps channels from trying again.
RETRY_PUSHBACK_KEY = "grpc-retry-pushback-ms"
MAX_MESSAGE_BYTES = 16 * 1024 * 1024
