"""Normal forms by which people's texts are compared, whatever way they are typed. Standard library
only, so that models may use it."""

import unicodedata

__all__ = ["digits", "folded"]


def folded(text: str) -> str:
    """Composed, of usual width, without regard to case, spaces as one: for names and e-mails."""
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text)
    text = " ".join(text.casefold().split())
    return text if text.isascii() else unicodedata.normalize("NFKC", text)


def digits(text: str) -> str:
    """The digits alone, those of other scripts too: for phone numbers."""
    return "".join(str(unicodedata.decimal(each)) for each in text if each.isdecimal())
