"""API keys in their file: made, listed, revoked. Only a hash of a key's secret is ever stored.

Checking a caller's key is the business of `ring`.
"""

import base64
import fcntl
import hashlib
import json
import os
import secrets
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from gateway.signin.holder import KeysError, expect_holder

__all__ = ["ApiKey", "KeysError", "create_key", "read_keys", "revoke_key", "secret_hash"]

MAX_LIVE_KEYS = 2
_SECRET_BYTES = 32


@dataclass(frozen=True, slots=True)
class ApiKey:
    """What is stored of one key: whose it is, what it may do, until when (times are ISO, UTC)."""

    id: str
    secret_sha256: str
    subject: str
    roles: tuple[str, ...]
    teams: tuple[str, ...]
    scopes: tuple[str, ...] | None
    create_time: str
    expire_time: str | None = None
    revoke_time: str | None = None

    def live_at(self, now: datetime) -> bool:
        """Whether the key opens anything at that time."""
        return self.revoke_time is None and not self.expired_at(now)

    def expired_at(self, now: datetime) -> bool:
        """Whether its time is over."""
        return self.expire_time is not None and datetime.fromisoformat(self.expire_time) <= now


def create_key(
    path: Path,
    subject: str,
    *,
    roles: Sequence[str],
    now: datetime,
    teams: Sequence[str] = (),
    scopes: Sequence[str] | None = None,
    expire_time: datetime | None = None,
) -> str:
    """Makes a key for a subject (`users/ann`) and returns it; it can't be shown again.

    `scopes` narrow what the roles give; None doesn't. Raises KeysError as `expect_holder`, and
    where the subject has two live keys already: one to use and one to change over to.
    """
    expect_holder(subject, roles=roles, teams=teams, scopes=scopes or ())
    identifier = base64.b32encode(secrets.token_bytes(10)).decode().lower()
    secret = base64.urlsafe_b64encode(secrets.token_bytes(_SECRET_BYTES)).rstrip(b"=").decode()
    key = ApiKey(
        identifier,
        secret_hash(secret),
        subject,
        tuple(roles),
        tuple(teams),
        None if scopes is None else tuple(scopes),
        now.isoformat(),
        None if expire_time is None else expire_time.isoformat(),
    )

    def add(keys: list[ApiKey]) -> list[ApiKey]:
        live = [other.id for other in keys if other.subject == subject and other.live_at(now)]
        if len(live) >= MAX_LIVE_KEYS:
            raise KeysError(f"{subject} has {len(live)} live keys, {', '.join(live)}: revoke one")
        return [*keys, key]

    _change(path, add)
    return f"gx_{identifier}_{secret}"


def revoke_key(path: Path, identifier: str, now: datetime) -> None:
    """Makes a key worthless, to running gateways within a second.

    Raises KeysError for an id that no live key has.
    """

    def mark(keys: list[ApiKey]) -> list[ApiKey]:
        if not any(key.id == identifier and key.revoke_time is None for key in keys):
            raise KeysError(f"there is no live key {identifier!r}")
        return [
            replace(key, revoke_time=now.isoformat()) if key.id == identifier else key
            for key in keys
        ]

    _change(path, mark)


def read_keys(path: Path) -> list[ApiKey]:
    """Every key of the file, revoked and expired ones too; none where there is no file.

    Raises KeysError naming the file if it can't be read.
    """
    try:
        document = json.loads(path.read_text("utf-8"))
        return [_key(entry) for entry in document["keys"]]
    except FileNotFoundError:
        return []
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise KeysError(f"the API keys file {path} can't be read: {error!r}") from error


def secret_hash(secret: str) -> str:
    """What is stored of a secret. It has 256 random bits, so a fast hash is enough."""
    return hashlib.sha256(secret.encode()).hexdigest()


def _key(entry: dict[str, Any]) -> ApiKey:
    scopes = entry["scopes"]
    key = ApiKey(
        **{
            **entry,
            "roles": tuple(entry["roles"]),
            "teams": tuple(entry["teams"]),
            "scopes": None if scopes is None else tuple(scopes),
        }
    )
    if key.expire_time is not None and datetime.fromisoformat(key.expire_time).tzinfo is None:
        raise ValueError(f"expire_time of {key.id} has no time zone")
    return key


def _change(path: Path, change: Callable[[list[ApiKey]], list[ApiKey]]) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with _locked(path):
        keys = change(read_keys(path))
        text = json.dumps({"keys": [asdict(key) for key in keys]}, indent=2) + "\n"
        fresh = path.with_name(f".{path.name}.{os.getpid()}")
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.replace(fresh, path)


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.with_name(f".{path.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
