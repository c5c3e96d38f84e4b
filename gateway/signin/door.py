"""Lets a caller in by API key, as the directory of people knows them, and gives them the internal
token that services believe."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from gateway.signin.keys import ApiKey
from gateway.signin.people import People
from gateway.signin.ring import KeyRing
from gateway.signin.watch import Standing, Watch
from services.chassis.access import Signer
from services.chassis.clock import Clock, Span
from services.chassis.errors import unauthenticated

__all__ = ["Door"]

_TOKEN_SECONDS = 60
# A token is handed out for this long, so that each has 10 s left for the call it goes with.
_REUSE_SECONDS = 50
_REMEMBERED_TOKENS = 8192


@dataclass(frozen=True, slots=True)
class _Minted:
    key: ApiKey
    teams: tuple[str, ...]
    authorization: str
    reuse: Span


class Door:
    """Checks API keys and mints tokens; a token is signed once per caller, audience and 50 s."""

    def __init__(
        self,
        ring: KeyRing,
        people: People,
        signer: Signer,
        clock: Clock,
        audiences: Mapping[str, tuple[str, ...]],
        look_again_seconds: float,
        *,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """`audiences`: deployable to the services a token for it is good for."""
        self._ring = ring
        self._people = people
        self._signer = signer
        self._clock = clock
        self._monotonic = monotonic
        self._audiences = audiences
        self._look_again_seconds = look_again_seconds
        self._minted: dict[tuple[str, str], _Minted] = {}

    def admit(self, authorization: str, api_key: str) -> ApiKey:
        """The key shown in `Authorization: Bearer` or `X-API-Key`; raises DomainError."""
        if authorization:
            scheme, _, credentials = authorization.partition(" ")
            if scheme.lower() != "bearer":
                raise unauthenticated("CREDENTIALS_UNSUPPORTED", "use Authorization: Bearer")
            return self._ring.find(credentials.strip())
        if api_key:
            return self._ring.find(api_key)
        raise unauthenticated(
            "CREDENTIALS_MISSING", "send an API key as Authorization: Bearer <key> or X-API-Key"
        )

    async def settle(self, key: ApiKey) -> None:
        """Learns who the holder of an admitted key is here; raises DomainError for who has left."""
        await self._people.settle(key.subject)

    def standing(self, key: ApiKey) -> Standing:
        """What the key's holder, who is settled, sees by."""
        return Standing(key.roles, key.scopes, self._people.teams_of(key))

    def watch(self, authorization: str, api_key: str) -> Watch:
        """Looks after who shows a key, from now on; raises DomainError."""
        return Watch(self, authorization, api_key, self._look_again_seconds)

    def authorization(self, key: ApiKey, deployable: str) -> str:
        """The `authorization` metadata that speaks for the key's holder, who is settled, to a
        deployable."""
        teams = self._people.teams_of(key)
        now, monotonic = self._clock.now().timestamp(), self._monotonic()
        minted = self._minted.get((key.id, deployable))
        if (
            minted is not None
            and minted.key is key
            and minted.teams == teams
            and minted.reuse.holds(now=now, monotonic=monotonic)
        ):
            return minted.authorization
        token = self._signer.sign(
            key.subject,
            roles=key.roles,
            teams=teams,
            scopes=key.scopes,
            key=key.id,
            audience=self._audiences[deployable],
            lifetime_seconds=_TOKEN_SECONDS,
        )
        if len(self._minted) >= _REMEMBERED_TOKENS:
            self._minted.clear()
        authorization = f"Bearer {token}"
        reuse = Span.of(_REUSE_SECONDS, now=now, monotonic=monotonic)
        self._minted[key.id, deployable] = _Minted(key, teams, authorization, reuse)
        return authorization
