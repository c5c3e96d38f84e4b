"""Looks after the reader of an open stream, whose rights may change while it runs."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from gateway.signin.keys import ApiKey

__all__ = ["Standing", "Watch"]


@dataclass(frozen=True, slots=True)
class Standing:
    """What decides which rows a caller sees: as long as it is the same, so is their sight."""

    roles: tuple[str, ...]
    scopes: tuple[str, ...] | None
    teams: tuple[str, ...]


class Doorkeeper(Protocol):
    """The door, as far as it is asked here; each may raise DomainError."""

    def admit(self, authorization: str, api_key: str) -> ApiKey: ...

    async def settle(self, key: ApiKey) -> None: ...

    def standing(self, key: ApiKey) -> Standing: ...


class Watch:
    """One reader, as they stand when it is made: make it where their stream is begun."""

    def __init__(
        self, door: Doorkeeper, authorization: str, api_key: str, look_again_seconds: float
    ) -> None:
        """Raises DomainError where the key opens nothing."""
        self._door = door
        self._shown = authorization, api_key
        self._look_again_seconds = look_again_seconds
        self._standing = door.standing(door.admit(*self._shown))

    async def until_shut(self, changed: Callable[[], None]) -> None:
        """Looks at the reader again and again; says so where their sight is `changed`, raises
        DomainError once they may not come in."""
        while True:
            await asyncio.sleep(self._look_again_seconds)
            key = self._door.admit(*self._shown)
            await self._door.settle(key)
            standing = self._door.standing(key)
            if standing != self._standing:
                self._standing = standing
                changed()
