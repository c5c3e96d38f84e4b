"""What the text in a cell stands for: nothing, clean text, a normal form to compare by."""

from __future__ import annotations

import re
import unicodedata

# As data frames, databases, spreadsheets and people write a cell without a value, in any case.
_MISSING = frozenset({"nan", "nat", "<na>", "null", "none", "n/a", "\\n"})
# So written they may be names, and in a column of names they are.
_ALSO_NAMES = frozenset({"Nan", "Nat", "None", "Null"})
_NAME_FIELDS = frozenset({"name", "given_name", "family_name", "customer_name"})
# As spreadsheets show an error in English, German, French, Spanish, Italian, Portuguese and Dutch;
# LibreOffice numbers those without a name.
_ERROR = re.compile(
    "#(?:n/[abd]|nv|getting_data"
    "|¿?(?:name|nom|nombre|nome|naam)[?!]"
    "|¡?(?:div/0|deel/0|value|wert|valeur|valor|valore|waarde|ref|bezug|rif|verw"
    "|num|núm|zahl|getal|null|nul|nulo|nullo|leeg|error|calc|kalk|field|feld|champ|campo"
    "|spill|überlauf|propagation|desbordamiento|espansione|despejar|overloop"
    "|blocked|connect|unknown|busy)!"
    ")|err:[0-9]{3}"
)
_MARKS_OF_ERROR = ("#", "e")
_LONGEST_WITHOUT_VALUE = len("#¡desbordamiento!")
# Blank it would be read as something else, and not as less: a walk-in, another customer or order,
# nobody's employer.
_NO_ERROR_IN = frozenset(
    {
        "order",
        "original_order",
        "product",
        "customer",
        "company",
        "touchpoint",
        "order_time",
        "quantity",
        "unit_price",
        "currency",
        "exchange_rate",
    }
)
_SIGNS = ("P", "Z", "Sm", "Sc", "Sk")  # categories; an emoji may be a name
_AS_TEXT = re.compile('="([^"]*)"')  # how a spreadsheet is made to keep the zeros of 00123
# Prose keeps its joiners, its marks of direction and its spaces.
_PROSE = frozenset({"content", "subject"})
# A dash for a price may be nothing or a gap; prose may be a smile.
_MAY_BE_SIGNS = _PROSE | frozenset(
    {*("quantity", "unit_price", "currency", "exchange_rate"), "order_time", "touch_time"}
)
_PLAIN_FORMS = {
    0x2010: "-",  # hyphen
    0x2011: "-",  # non-breaking hyphen
    0x00A0: " ",  # non-breaking spaces
    0x2007: " ",
    0x202F: " ",
}
# Signs before a number, which are to be seen though they are of the category of those that aren't.
_VISIBLE_FORMATS = frozenset(
    [*range(0x600, 0x606), 0x6DD, 0x70F, 0x890, 0x891, 0x8E2, 0x110BD, 0x110CD]
)
# They shape letters of some scripts where they stand, and are nothing in a key.
_JOINERS = "\u200c\u200d"
_KEPT_CONTROLS = frozenset("\t\n")
# Full-width and half-width forms, which East Asian input methods mix with the usual ones.
_USUAL_WIDTH = {
    code: unicodedata.normalize("NFKC", chr(code))
    for code in (0x3000, *range(0xFF01, 0xFFEF))
    if unicodedata.decomposition(chr(code)).startswith(("<wide>", "<narrow>"))
}


class BadValue(Exception):
    """A cell that can't be read; the message says why."""


def clean(text: str, field: str) -> str:
    """The text without space around it, composed (NFC), its lines ended by newlines; without what
    can't be seen; empty for what stands for no value, such as `NULL` or `-`.

    Raises:
        BadValue: it holds a control character, or is a spreadsheet's error where that isn't the
        same as no value.
    """
    text = text.strip()
    if not text:
        return ""
    if not (text.isascii() and text.isprintable()):
        text = _legible(text, field)
    if text.startswith("=") and (as_text := _AS_TEXT.fullmatch(text)):
        text = as_text.group(1).strip()
    if field not in _MAY_BE_SIGNS and _is_signs(text):
        return ""
    return "" if len(text) <= _LONGEST_WITHOUT_VALUE and _is_missing(text, field) else text


def _legible(text: str, field: str) -> str:
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    for character in text:
        if unicodedata.category(character) == "Cc" and character not in _KEPT_CONTROLS:
            raise BadValue(f"{field} holds the control character U+{ord(character):04X}")
    if field not in _PROSE:
        text = _visible(text).strip()
    return unicodedata.normalize("NFC", text)


def _is_missing(text: str, field: str) -> bool:
    lower = text.lower()
    if lower.startswith(_MARKS_OF_ERROR) and _ERROR.fullmatch(lower):
        if field in _NO_ERROR_IN:
            raise BadValue(f"{field} is {text}, the error of a spreadsheet")
        return True
    return lower in _MISSING and not (field in _NAME_FIELDS and text in _ALSO_NAMES)


def _is_signs(text: str) -> bool:
    """Whether it is only such as `-`, `./.` or `?`."""
    return not text[:1].isalnum() and all(
        unicodedata.category(character).startswith(_SIGNS) for character in text
    )


def _visible(text: str, kept: str = _JOINERS) -> str:
    """The text without characters that can't be seen, with plain hyphens and spaces; `kept` ones
    stay between letters of scripts that they shape."""
    text = text.translate(_PLAIN_FORMS)
    return "".join(
        character
        for index, character in enumerate(text)
        if unicodedata.category(character) != "Cf"
        or ord(character) in _VISIBLE_FORMATS
        or (character in kept and _is_shaped(text[index - 1 : index], text[index + 1 :][:1]))
    )


def _is_shaped(before: str, after: str) -> bool:
    return bool(before and after) and not (before.isascii() or after.isascii())


def usual_width(text: str) -> str:
    """The text with full-width and half-width forms as the usual characters."""
    return text if text.isascii() else text.translate(_USUAL_WIDTH)


def folded(text: str) -> str:
    """A normal form: composed, of usual width, in lower case, without what can't be seen and
    without space around it.

    Lower case and not case folding, which makes `Weiß` and `Weiss` one.
    """
    return unicodedata.normalize("NFC", with_case(text).lower())


def with_case(text: str) -> str:
    """The same normal form, upper and lower case as they are."""
    if text.isascii():
        return text.strip()
    return unicodedata.normalize("NFC", usual_width(_visible(text, kept="")).strip())


def as_name(text: str) -> str:
    """A normal form to compare names by: so much space between words makes no difference."""
    return " ".join(folded(text).split())
