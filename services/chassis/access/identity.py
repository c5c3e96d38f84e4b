"""Who a verified token speaks for."""

from dataclasses import dataclass

__all__ = ["Identity"]


@dataclass(frozen=True, slots=True)
class Identity:
    """Who a verified token speaks for. `scopes` None: nothing narrows the roles. `key` is the id of
    the API key they came with, if any."""

    subject: str
    roles: tuple[str, ...]
    teams: tuple[str, ...]
    scopes: tuple[str, ...] | None
    request_id: str
    expires_at: float
    key: str = ""
