"""How a name is typed by whoever looks for it: in one case, width and script, without accents and
punctuation; and how a Chinese name is read. What is kept of it is made anew where this changes: see
`VERSION` of `search_texts`."""

import re
import unicodedata
from functools import cache, lru_cache
from typing import Any, Final, NamedTuple

import opencc

__all__ = ["Reading", "compared", "is_wide", "readings"]

_SIMPLIFIED: Final = opencc.OpenCC("t2s")
_HAN: Final = re.compile("[\u3400-\u9fff\U00020000-\U000323af]+")
_ACCENTS: Final = re.compile("[\u0300-\u036f]")
_OTHERS: Final = re.compile(r"[\W_]+")
_APOSTROPHES: Final = re.compile("['`\u00b4\u2018\u2019\u02bc]")
# Letters with a stroke, or two in one, have no accent that could be taken away.
_LETTERS: Final = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i", "ħ": "h"}
)
# Where scripts begin that need no space between words: one character of theirs says something.
_WIDE: Final = "\u2e80"
_MOST_READ: Final = 12
_READ_BEFORE: Final = 20_000


class Reading(NamedTuple):
    """How a Chinese name is read: the syllables without tones."""

    syllables: tuple[str, ...]

    @property
    def whole(self) -> str:
        """In one word: `zhangweiming`."""
        return "".join(self.syllables)

    @property
    def initials(self) -> str:
        """`zwm`."""
        return "".join(each[0] for each in self.syllables)


def is_wide(character: str) -> bool:
    """Whether it is of a script whose characters say something one by one."""
    return character >= _WIDE


def compared(text: str) -> str:
    """The words of a text as they are compared, with a space between them and nothing else:
    simplified, in lower case, without accents."""
    return _words(_plain(text))


def _plain(text: str) -> str:
    text = text.casefold()
    if text.isascii():
        return text
    plain = _ACCENTS.sub("", unicodedata.normalize("NFKD", text)).casefold()
    simplified: str = _SIMPLIFIED.convert(unicodedata.normalize("NFC", plain))
    return simplified.translate(_LETTERS)


def _words(text: str) -> str:
    text = _APOSTROPHES.sub("", text)
    if text.isascii():
        return _OTHERS.sub(" ", text).strip()
    # Marks of Thai or Hindi are parts of their words.
    kept = (
        each if each.isalnum() or unicodedata.category(each)[0] == "M" else " " for each in text
    )
    return " ".join("".join(kept).split())


def readings(name: str) -> tuple[Reading, ...]:
    """How the Chinese in a name, as it is compared, may be read, one for each reading of its first
    character: 单 as a family name is shan, in a list dan. Of a long name its beginning."""
    return _readings("".join(_HAN.findall(name))[:_MOST_READ])


@lru_cache(maxsize=_READ_BEFORE)
def _readings(han: str) -> tuple[Reading, ...]:
    if not han:
        return ()
    pinyin = _pinyin()
    usual = tuple(pinyin.lazy_pinyin(han))
    (of_first,) = pinyin.pinyin(han[0], style=pinyin.Style.NORMAL, heteronym=True)
    firsts = dict.fromkeys([usual[0], *of_first])
    found = [(each, *usual[1:]) for each in firsts]
    # 吕 is typed lv on a keyboard, and lu by whoever leaves the dots out.
    found += [tuple(s.replace("v", "u") for s in each) for each in found if "v" in "".join(each)]
    return tuple(Reading(each) for each in dict.fromkeys(found))


@cache
def _pinyin() -> Any:
    """Its dictionaries take 55 MB and 0.12 to 0.25 s: only where there is a Chinese name."""
    import pypinyin

    return pypinyin
