"""Normal forms by which people's texts are compared, whatever way they are typed. Standard library
only, so that models may use it."""

import re
import unicodedata
from typing import Final

__all__ = ["digits", "folded", "phone_keys", "without_extension"]

_NO_DIGITS: Final = re.compile("[^0-9]+")
# What is behind the number that is dialled: `ext. 5`, `x5`, `;ext=5`, `转88`. With a letter before
# it, it is another word: fax 5.
_EXTENSION: Final = re.compile(
    r"(?<![^\W\d_])(?:ext(?:n|ension)?|x|poste|int(?:erno)?|durchwahl|dw|доб|转|轉|分机|分機|内線|#)"
    r"[ .:=]*\d+[ )]*$",
    re.IGNORECASE,
)
_SAYS_SOMETHING: Final = re.compile(r"[^\W\d_]|#")
_FEWEST_DIGITS: Final = 3


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


def phone_keys(phone: str) -> tuple[str, ...]:
    """The digits by which a phone number is found: all of them and, where it has an extension,
    those of the number alone."""
    whole = digits(phone)
    alone = digits(without_extension(phone)[0])
    return (whole,) if alone == whole or len(alone) < _FEWEST_DIGITS else (whole, alone)


def without_extension(phone: str) -> tuple[str, str]:
    """The number that is dialled first, and what says and is its extension: empty for most."""
    if not _SAYS_SOMETHING.search(phone):  # as most; to look for an extension takes 14 µs
        return phone, ""
    usual = phone if phone.isascii() else unicodedata.normalize("NFKC", phone)
    found = _EXTENSION.search(usual)
    return (usual[: found.start()], found.group()) if found else (usual, "")
