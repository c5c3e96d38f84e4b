"""The short-lived internal token (JWT, EdDSA over Ed25519): who signs it, who believes it.

Each process signs with a key of its own: the gateway for its callers, a service for itself alone.
Whose key it is decides whom a token can speak for (`speakers`). Key ids are thumbprints of the
public keys, so that two keys of a process can live at a time without any further setting.
"""

import time
from collections.abc import Callable, Sequence

import jwt
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from services.chassis.access.identity import Identity
from services.chassis.access.public_keys import key_id, read_public_keys
from services.chassis.access.speakers import may_speak
from services.chassis.clock import Span
from services.chassis.errors import StartRefused

__all__ = ["MAX_LIFETIME_SECONDS", "Identity", "Signer", "TokenError", "Verifier"]

MAX_LIFETIME_SECONDS = 60
_ALGORITHM = "EdDSA"
_ISSUER = "guanxi"
_CLOCK_SKEW_SECONDS = 5
_REMEMBERED_TOKENS = 4096


class TokenError(Exception):
    """A token that is not believed; `reason` is fit for the caller, the text too."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


class Signer:
    """Signs tokens with one private key (PEM, Ed25519); raises StartRefused for any other."""

    def __init__(self, private_key_pem: str, *, now: Callable[[], float] = time.time) -> None:
        try:
            key = serialization.load_pem_private_key(private_key_pem.encode(), password=None)
        except (ValueError, TypeError, UnsupportedAlgorithm) as error:
            raise StartRefused(
                "the token's private key is missing or not a PEM key: "
                "set GUANXI_<PROCESS>_TOKEN_PRIVATE_KEY(_FILE)"
            ) from error
        if not isinstance(key, Ed25519PrivateKey):
            raise StartRefused("the token's private key is not an Ed25519 key")
        self._key = key
        self._headers = {"kid": key_id(key.public_key())}
        self._now = now

    def sign(
        self,
        subject: str,
        *,
        roles: Sequence[str],
        audience: str | Sequence[str],
        teams: Sequence[str] = (),
        scopes: Sequence[str] | None = None,
        request_id: str = "",
        key: str = "",
        lifetime_seconds: int = MAX_LIFETIME_SECONDS,
    ) -> str:
        """A token for the subject (`users/ann`), good for the services named as audience.

        With a `request_id` it serves that request only; without, it may be used again until it
        expires, which spares the verifying service a signature check. Raises ValueError for a
        lifetime outside of 1 to 60 seconds.
        """
        if not 1 <= lifetime_seconds <= MAX_LIFETIME_SECONDS:
            raise ValueError(f"a token lives 1 to {MAX_LIFETIME_SECONDS} s, not {lifetime_seconds}")
        issued = int(self._now())
        claims: dict[str, object] = {
            "iss": _ISSUER,
            "sub": subject,
            "aud": audience if isinstance(audience, str) else list(audience),
            "iat": issued,
            "exp": issued + lifetime_seconds,
            "roles": list(roles),
            "teams": list(teams),
        }
        if scopes is not None:
            claims["scopes"] = list(scopes)
        if request_id:
            claims["request_id"] = request_id
        if key:
            claims["key"] = key
        return jwt.encode(claims, self._key, algorithm=_ALGORITHM, headers=self._headers)


class Verifier:
    """Believes tokens that the owner of their key may sign, meant for one audience.

    `public_keys` names each process with its key, or with two while keys rotate, as
    `read_public_keys` takes them. A verified token is remembered until it expires, so that a
    caller's next requests cost a look-up. Raises StartRefused where the keys can't be read.
    """

    def __init__(
        self,
        public_keys: str,
        audience: str,
        *,
        now: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._keys = read_public_keys(public_keys)
        self._audience = audience
        self._now = now
        self._monotonic = monotonic
        self._known: dict[str, tuple[Identity, Span]] = {}

    def verify(self, token: str) -> Identity:
        """Raises TokenError where the token is not believed."""
        now, monotonic = self._now(), self._monotonic()
        known = self._known.get(token)
        if known is not None:
            identity, believed = known
            if believed.holds(now=now, monotonic=monotonic):
                return identity
            del self._known[token]
        identity = self._checked(token)
        believed = Span.of(identity.expires_at - now, now=now, monotonic=monotonic)
        self._remember(token, identity, believed)
        return identity

    def _checked(self, token: str) -> Identity:
        try:
            known = self._keys.get(jwt.get_unverified_header(token).get("kid", ""))
            if known is None:
                raise TokenError("TOKEN_KEY_UNKNOWN", "the token is signed by an unknown key")
            claims = jwt.decode(
                token,
                known.key,
                algorithms=[_ALGORITHM],
                audience=self._audience,
                issuer=_ISSUER,
                # Times are checked below, against the clock that was passed in.
                options={
                    "require": ["sub", "exp", "iat", "aud", "iss"],
                    "verify_exp": False,
                    "verify_iat": False,
                },
            )
        except jwt.InvalidAudienceError as error:
            raise TokenError(
                "TOKEN_AUDIENCE", f"the token is not meant for {self._audience}"
            ) from error
        except jwt.PyJWTError as error:
            raise TokenError("TOKEN_INVALID", "the token is not valid") from error
        identity = self._identity(claims)
        if not may_speak(known.process, identity, claims["aud"]):
            raise TokenError("TOKEN_SPEAKER", f"{known.process} can't speak for {identity.subject}")
        return identity

    def _identity(self, claims: dict[str, object]) -> Identity:
        issued, expires = claims["iat"], claims["exp"]
        if not isinstance(issued, int) or not isinstance(expires, int):
            raise TokenError("TOKEN_INVALID", "the token's times are not numbers")
        if not 0 < expires - issued <= MAX_LIFETIME_SECONDS:
            raise TokenError("TOKEN_LIFETIME", f"a token may live {MAX_LIFETIME_SECONDS} s at most")
        now = self._now()
        if issued > now + _CLOCK_SKEW_SECONDS:
            raise TokenError("TOKEN_FROM_THE_FUTURE", "the token is not valid yet")
        if expires <= now:
            raise TokenError("TOKEN_EXPIRED", "the token has expired")
        return Identity(
            subject=str(claims["sub"]),
            roles=_texts(claims.get("roles", [])),
            teams=_texts(claims.get("teams", [])),
            scopes=_texts(claims["scopes"]) if "scopes" in claims else None,
            request_id=str(claims.get("request_id", "")),
            expires_at=float(expires),
            key=str(claims.get("key", "")),
        )

    def _remember(self, token: str, identity: Identity, believed: Span) -> None:
        if len(self._known) >= _REMEMBERED_TOKENS:
            now, monotonic = self._now(), self._monotonic()
            live = {
                text: known
                for text, known in self._known.items()
                if known[1].holds(now=now, monotonic=monotonic)
            }
            self._known = live if len(live) < _REMEMBERED_TOKENS else {}
        self._known[token] = identity, believed


def _texts(claim: object) -> tuple[str, ...]:
    if not isinstance(claim, list) or not all(isinstance(item, str) for item in claim):
        raise TokenError("TOKEN_INVALID", "a list in the token is not a list of texts")
    return tuple(claim)
