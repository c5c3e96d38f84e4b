"""Checks the API key a caller shows against the keys file, which it re-reads when it changes."""

import hashlib
import hmac
import os
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import structlog

from gateway.signin.keys import ApiKey, KeysError, read_keys
from services.chassis.clock import Clock
from services.chassis.errors import DomainError, unauthenticated

__all__ = ["KeyRing"]

_LOOK_AGAIN_SECONDS = 1.0
_NOBODY = bytes(32)

_log = structlog.get_logger(__name__)


class KeyRing:
    """The live keys of one file. A new key is known at once, any other change within a second."""

    def __init__(
        self, path: Path, clock: Clock, *, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        """Raises KeysError where the file is there and can't be read."""
        self._path = path
        self._clock = clock
        self._monotonic = monotonic
        self._seen = _version(path)
        self._keys = _by_id(read_keys(path))
        self._look_again_at = 0.0

    def __len__(self) -> int:
        return len(self._keys)

    def find(self, text: str) -> ApiKey:
        """The key a caller shows, `gx_<id>_<secret>`; raises DomainError UNAUTHENTICATED."""
        self._refresh()
        prefix, _, rest = text.partition("_")
        identifier, _, secret = rest.partition("_")
        if prefix != "gx" or not secret:
            raise unauthenticated("API_KEY_MALFORMED", "an API key looks like gx_<id>_<secret>")
        if identifier not in self._keys:
            self._read_changes()
        key, expected = self._keys.get(identifier, (None, _NOBODY))
        shown = hashlib.sha256(secret.encode()).digest()
        if not hmac.compare_digest(shown, expected) or key is None:
            raise _invalid()
        if key.expire_time is not None and key.expired_at(self._clock.now()):
            raise unauthenticated("API_KEY_EXPIRED", "this API key has expired; make a new one")
        return key

    def _refresh(self) -> None:
        # Not the time of day: set back, it would keep a revoked key for as long as it was set back.
        moment = self._monotonic()
        if moment < self._look_again_at:
            return
        self._look_again_at = moment + _LOOK_AGAIN_SECONDS
        self._read_changes()

    def _read_changes(self) -> None:
        version = _version(self._path)
        if version == self._seen:
            return
        self._seen = version
        try:
            self._keys = _by_id(read_keys(self._path))
        except KeysError as error:
            _log.error("api_keys_kept_as_they_were", error=str(error))
            return
        _log.info("api_keys_read", keys=len(self._keys))


def _invalid() -> DomainError:
    return unauthenticated("API_KEY_INVALID", "this API key is not known or has been revoked")


def _by_id(keys: list[ApiKey]) -> Mapping[str, tuple[ApiKey, bytes]]:
    return {
        key.id: (key, bytes.fromhex(key.secret_sha256)) for key in keys if key.revoke_time is None
    }


def _version(path: Path) -> tuple[int, int, int] | None:
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino
