"""Development keys, made on the first start: a key pair for each process, the list of whose public
key is whose, and one API key."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from gateway.signin.keys import create_key

_SUBJECT = "users/developer"
_PROCESSES = ("gateway", "customer", "sales", "insight")


@dataclass(frozen=True, slots=True)
class DevelopmentKeys:
    """Where the keys lie, and the API key itself."""

    private_key_files: Mapping[str, Path]
    public_keys_file: Path
    api_key: str


def development_keys(data_dir: Path, api_keys_file: Path) -> DevelopmentKeys:
    """The keys of this folder; made if they are not there yet."""
    folder = data_dir / "keys"
    folder.mkdir(mode=0o700, exist_ok=True)
    private = {process: folder / f"{process}.key" for process in _PROCESSES}
    public = folder / "public-keys"
    if not all(file.exists() for file in (*private.values(), public)):
        _make_token_keys(private, public)
    api_key_file = folder / "development.key"
    if not api_key_file.exists():
        now = datetime.now(UTC)
        _write(api_key_file, create_key(api_keys_file, _SUBJECT, roles=["admin"], now=now) + "\n")
    return DevelopmentKeys(private, public, api_key_file.read_text("utf-8").strip())


def _make_token_keys(private: Mapping[str, Path], public: Path) -> None:
    entries = []
    for process, file in private.items():
        key = Ed25519PrivateKey.generate()
        pem = key.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        entries.append(f"{process} = {pem.decode()}")
        _write(
            file,
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            ).decode(),
        )
    _write(public, "".join(entries))


def _write(path: Path, text: str) -> None:
    """Writes a file that only its owner may read."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
