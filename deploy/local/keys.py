"""Development keys, made on the first start: the internal token's key pair and one API key."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from gateway.signin.keys import create_key

_SUBJECT = "users/developer"


@dataclass(frozen=True, slots=True)
class DevelopmentKeys:
    """Where the keys lie, and the API key itself."""

    private_key_file: Path
    public_key_file: Path
    api_key: str


def development_keys(data_dir: Path, api_keys_file: Path) -> DevelopmentKeys:
    """The keys of this folder; made if they are not there yet."""
    folder = data_dir / "keys"
    folder.mkdir(mode=0o700, exist_ok=True)
    private, public = folder / "token.key", folder / "token.pub"
    if not private.exists():
        _make_token_keys(private, public)
    api_key_file = folder / "development.key"
    if not api_key_file.exists():
        now = datetime.now(UTC)
        _write(api_key_file, create_key(api_keys_file, _SUBJECT, roles=["admin"], now=now) + "\n")
    return DevelopmentKeys(private, public, api_key_file.read_text("utf-8").strip())


def _make_token_keys(private: Path, public: Path) -> None:
    key = Ed25519PrivateKey.generate()
    public_pem = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    private_pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    _write(public, public_pem.decode())
    _write(private, private_pem.decode())


def _write(path: Path, text: str) -> None:
    """Writes a file that only its owner may read."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
