"""The public keys a process believes, and whose each is, as they stand in its settings:

    gateway = -----BEGIN PUBLIC KEY-----
    …
    -----END PUBLIC KEY-----
    insight = -----BEGIN PUBLIC KEY-----
    …

A process that changes over to a new key has both, one after the other. Whoever is not named can't
speak to this process.
"""

import base64
import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from services.chassis.errors import StartRefused

__all__ = ["KnownKey", "key_id", "read_public_keys"]

_PEM = r"-----BEGIN PUBLIC KEY-----.+?-----END PUBLIC KEY-----"
_BLOCK = re.compile(_PEM, re.DOTALL)
_ENTRY = re.compile(rf"\s*([a-z][a-z0-9-]*)\s*=\s*({_PEM}(?:\s*{_PEM})*)\s*", re.DOTALL)
_KEYS_AT_ONCE = 2


@dataclass(frozen=True, slots=True)
class KnownKey:
    """A public key and the process it belongs to."""

    process: str
    key: Ed25519PublicKey


def read_public_keys(text: str) -> Mapping[str, KnownKey]:
    """The keys by their ids.

    Raises StartRefused, naming the process, for what is no such text, for a key of another kind, a
    key of two processes, a process named twice or with more than two keys.
    """
    if not text.strip():
        raise StartRefused(
            "the tokens' public keys are missing: set GUANXI_TOKEN_PUBLIC_KEYS(_FILE)"
        )
    known: dict[str, KnownKey] = {}
    named: set[str] = set()
    for process, blocks in _entries(text):
        if process in named or len(blocks) > _KEYS_AT_ONCE:
            raise _refused(f"name {process} once, with at most {_KEYS_AT_ONCE} keys")
        named.add(process)
        for block in blocks:
            key = _public_key(process, block)
            other = known.setdefault(key_id(key), KnownKey(process, key))
            if other.process != process:
                raise _refused(f"{other.process} and {process} have the same key")
    return known


def key_id(key: Ed25519PublicKey) -> str:
    """Thumbprint of the key (RFC 7638, RFC 8037 appendix A.3)."""
    raw = base64.urlsafe_b64encode(key.public_bytes_raw()).rstrip(b"=").decode()
    canonical = f'{{"crv":"Ed25519","kty":"OKP","x":"{raw}"}}'
    digest = hashlib.sha256(canonical.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def _entries(text: str) -> Iterator[tuple[str, list[str]]]:
    at = 0
    while at < len(text):
        entry = _ENTRY.match(text, at)
        if entry is None:
            raise _refused("write each as `process = ` and its public key in PEM")
        yield entry.group(1), _BLOCK.findall(entry.group(2))
        at = entry.end()


def _public_key(process: str, block: str) -> Ed25519PublicKey:
    try:
        key = serialization.load_pem_public_key(block.encode())
    except (ValueError, UnsupportedAlgorithm):
        raise _refused(f"the public key of {process} is not a PEM key") from None
    if not isinstance(key, Ed25519PublicKey):
        raise _refused(f"the public key of {process} is not an Ed25519 key")
    return key


def _refused(what: str) -> StartRefused:
    return StartRefused(f"GUANXI_TOKEN_PUBLIC_KEYS: {what}")
