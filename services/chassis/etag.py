"""Etags (AIP-154): made from what a record holds, compared with what a caller has seen.

Standard library only, so that models may use it.
"""

import base64
import hashlib

from services.chassis.errors import etag_mismatch

__all__ = ["expect", "of"]


def of(*parts: str | int | bytes) -> str:
    """A weak etag of a version, or of the content: equal parts give equal etags, 22 characters.

    Weak, for it says that the record is the same, not that its answer is so byte by byte.
    """
    digest = hashlib.blake2b(digest_size=12)
    for part in parts:
        content = part if isinstance(part, bytes) else str(part).encode()
        digest.update(len(content).to_bytes(8, "big") + content)
    return f'W/"{base64.urlsafe_b64encode(digest.digest()).decode()}"'


def expect(given: str, current: str, resource: str) -> None:
    """Raises DomainError ABORTED, ETAG_MISMATCH unless `given` is empty, `*` or the current etag.

    HTTP's `W/` and quotes make no difference, for If-Match is passed on as it came.
    """
    if given not in ("", "*") and _opaque(given) != _opaque(current):
        raise etag_mismatch(resource)


def _opaque(etag: str) -> str:
    return etag.removeprefix("W/").strip('"')
