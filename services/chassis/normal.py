"""Normal forms by which people's texts are compared, whatever way they are typed. Standard library
only, so that models may use it."""

import re
import unicodedata
from collections.abc import Iterable
from typing import Final

__all__ = ["digits", "folded", "with_lower_domains"]

_NO_DIGITS: Final = re.compile("[^0-9]+")


def folded(text: str) -> str:
    """Composed, of usual width, without regard to case, spaces as one: for names and e-mails."""
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text)
    text = " ".join(text.casefold().split())
    return text if text.isascii() else unicodedata.normalize("NFKC", text)


def digits(text: str) -> str:
    """The digits alone, those of other scripts too: for phone numbers."""
    if text.isascii():
        return _NO_DIGITS.sub("", text)
    return "".join(str(unicodedata.decimal(each)) for each in text if each.isdecimal())


def with_lower_domains(emails: Iterable[str]) -> tuple[str, ...]:
    """The domains in lower case, for there it means the same; what is before @ as it was left."""
    return tuple(
        f"{local}@{domain.lower()}"
        for local, _, domain in (each.rpartition("@") for each in emails)
    )
