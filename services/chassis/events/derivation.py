"""What a reader makes of a feed, as an identity of its own: another one reads the feed from its
beginning."""

import re
from collections.abc import Iterable
from hashlib import sha256

__all__ = ["Derivation", "is_derivation_of"]

_DIGITS = 8


class Derivation:
    """The version of what is derived, and the types of events it knows.

    Each has cursors of its own (`customer.1-5f2a90c3`), which begin at 0. So a reader whose code
    derives more than before, or has learned of a type that it used to pass, applies everything
    again, over what is there and serves meanwhile; a replica of the version before follows by its
    own cursors, and so does one that is rolled back. Applying an event again, or later than its
    successors, must therefore change nothing: what is kept says which position it is of.
    """

    def __init__(self, version: int, types: Iterable[str]) -> None:
        self.version = version
        self.types = frozenset(types)

    def consumer(self, name: str) -> str:
        """The name under which the reader's cursors are kept."""
        digest = sha256("\n".join(sorted(self.types)).encode()).hexdigest()[:_DIGITS]
        return f"{name}.{self.version}-{digest}"


def is_derivation_of(name: str, consumer: str) -> bool:
    """Whether a consumer is some derivation, of whatever version, of the reader of this name."""
    return re.fullmatch(rf"{re.escape(name)}\.\d+-[0-9a-f]{{{_DIGITS}}}", consumer) is not None
