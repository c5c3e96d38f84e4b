"""What both ends of a call agree on besides the contract: metadata keys and message size."""

__all__ = [
    "AUTHORIZATION_KEY",
    "BEARER",
    "CAUGHT_UP",
    "CONSISTENCY_KEY",
    "DETAILS_KEY",
    "MAX_MESSAGE_BYTES",
    "REQUEST_ID_KEY",
]

AUTHORIZATION_KEY = "authorization"
BEARER = "Bearer "
REQUEST_ID_KEY = "x-request-id"
CONSISTENCY_KEY = "guanxi-consistency"
CAUGHT_UP = "caught-up"
DETAILS_KEY = "grpc-status-details-bin"
MAX_MESSAGE_BYTES = 16 * 1024 * 1024
