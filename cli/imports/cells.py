"""What the text in a cell stands for: nothing, clean text, a normal form to compare by."""

from __future__ import annotations

import unicodedata

# As data frames, databases and spreadsheets write a cell without a value.
_MISSING = frozenset({"nan", "NaN", "NaT", "<NA>", "NULL", "null", "\\N", "#N/A"})
_KEPT_CONTROLS = frozenset("\t\n")
# Full-width and half-width forms, which East Asian input methods mix with the usual ones.
_USUAL_WIDTH = {
    code: unicodedata.normalize("NFKC", chr(code))
    for code in (0x3000, *range(0xFF01, 0xFFEF))
    if unicodedata.decomposition(chr(code)).startswith(("<wide>", "<narrow>"))
}


class BadValue(Exception):
    """A cell that can't be read; the message says why."""


def clean(text: str, noun: str) -> str:
    """The text without space around it, composed (NFC), its lines ended by newlines; empty for
    what stands for no value, such as `NULL`.

    Raises:
        BadValue: it holds a control character.
    """
    text = text.strip()
    if text in _MISSING:
        return ""
    if text.isascii() and text.isprintable():
        return text
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    for character in text:
        if unicodedata.category(character) == "Cc" and character not in _KEPT_CONTROLS:
            raise BadValue(f"{noun} holds the control character U+{ord(character):04X}")
    return unicodedata.normalize("NFC", text)


def usual_width(text: str) -> str:
    """The text with full-width and half-width forms as the usual characters."""
    return text if text.isascii() else text.translate(_USUAL_WIDTH)


def folded(text: str) -> str:
    """A normal form: composed, of usual width, in lower case, without space around it.

    Lower case and not case folding, which makes `Weiß` and `Weiss` one.
    """
    if text.isascii():
        return text.strip().lower()
    return unicodedata.normalize("NFC", usual_width(text).strip().lower())
