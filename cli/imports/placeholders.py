"""Words that programs and people write for want of a customer or of a company: whoever has them
would be one customer, and all who have none would belong to one organization."""

from __future__ import annotations

import re
from collections.abc import Container

from cli.imports.cells import as_name

REASON = "stands for nobody in particular"

# The key that many shops give everybody who orders without an account; it may be a customer's.
_KEY_OF_GUESTS = "0"
_WORD = re.compile(r"[^\W_]+")
_NOBODY = re.compile(
    "(?:guest|guests|anonymous|unknown|unnamed|walk in|walkin)(?: (?:customer|checkout|user))?"
    "|no name|noname|no customer|n a|not applicable|not available|not specified|tbd|tba"
    "|gast|gäste|gastkunde|gastbestellung|anonym|unbekannt|laufkunde|laufkundschaft|k a"
    "|keine angabe|kein kunde|invité|inconnu|anonyme|invitado|desconocido|anónimo|ospite"
    "|sconosciuto|anonimo|convidado|desconhecido|anônimo|onbekend|anoniem"
    "|游客|访客|匿名|匿名用户|散客|未知|无|無|ゲスト|不明"
)
_NO_COMPANY = re.compile(
    "private|private person|private customer|private individual|individual|self|self employed"
    "|freelance|freelancer|no company|privat|privatperson|privatkunde|privatkundin|selbständig"
    "|selbstständig|freiberuflich|keine|keine firma|ohne|particulier|indépendant|particular"
    "|autónomo|ninguno|ninguna|privato|nessuno|nenhum|geen|个人|個人|无业|自由职业"
)


def is_nobody(text: str) -> bool:
    """Whether a key or a name says that there is none."""
    return _NOBODY.fullmatch(_normal(text)) is not None


def is_no_company(text: str) -> bool:
    """Whether a company says that there is none."""
    return is_nobody(text) or _NO_COMPANY.fullmatch(_normal(text)) is not None


def of_guests(keys: Container[str]) -> dict[str, str]:
    """The key of all guests, if it is one of a file's, and what to tell of it."""
    if _KEY_OF_GUESTS not in keys:
        return {}
    return {
        _KEY_OF_GUESTS: f"customer {_KEY_OF_GUESTS!r} is the key that shops give all guests: leave"
        " it empty if it is, or say --names-may-differ if it is one customer"
    }


def _normal(text: str) -> str:
    return " ".join(_WORD.findall(as_name(text)))
