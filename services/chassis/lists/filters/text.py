"""Walks over the text of a filter: spaces, keywords, quoted strings and precise refusals.

What the pieces mean together is the parser's.
"""

import re
from typing import Final, NoReturn

from services.chassis.errors import DomainError, invalid
from services.chassis.lists.filters.syntax import Literal

__all__ = ["KEYWORDS", "NAME", "FilterText", "refusal"]

NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
KEYWORDS: Final = frozenset({"AND", "OR", "NOT"})
_SPACE: Final = re.compile(r"[ \t\r\n]*")
_ESCAPES: Final = {"\\": "\\", '"': '"', "'": "'", "*": "*", "n": "\n", "r": "\r", "t": "\t"}


def refusal(argument: str, reason: str, position: int, message: str) -> DomainError:
    """The error for a filter; `position` is the character, from 1, where it goes wrong."""
    return invalid(argument, reason, f"{message} at position {position}")


class FilterText:
    """A place in the text of a filter; `at` is the index of the next character."""

    def __init__(self, text: str, argument: str) -> None:
        self.text = text
        self.at = 0
        self._argument = argument

    def ended(self) -> bool:
        return self.at >= len(self.text)

    def peek(self) -> str:
        """The next character; empty at the end."""
        return self.text[self.at : self.at + 1]

    def seen(self) -> str:
        """The next character as an error shows it."""
        return "the end" if self.ended() else repr(self.peek())

    def skip_space(self) -> None:
        found = _SPACE.match(self.text, self.at)
        self.at = found.end() if found else self.at

    def take(self, pattern: re.Pattern[str]) -> str:
        """What matches here, stepped over; empty if nothing does."""
        found = pattern.match(self.text, self.at)
        if not found:
            return ""
        self.at = found.end()
        return found.group()

    def keyword(self) -> str:
        """The keyword that comes next, if one does."""
        name = NAME.match(self.text, self.at)
        return name.group() if name and name.group() in KEYWORDS else ""

    def take_keyword(self, keyword: str) -> bool:
        if self.keyword() != keyword:
            return False
        self.at += len(keyword)
        self.skip_space()
        return True

    def quoted(self) -> Literal:
        """The string in single or double quotes that starts here, escapes resolved."""
        start = self.at
        quote = self.peek()
        parts: list[str] = []
        wildcard = -1
        self.at += 1
        while not self.ended() and self.peek() != quote:
            if wildcard >= 0:
                self.fail_wildcard(wildcard)
            if self.peek() == "*":
                wildcard = self.at
            else:
                parts.append(self._character())
            self.at += 1
        if self.ended():
            self.fail(f"the {quote} is never closed", at=start)
        self.at += 1
        return Literal("".join(parts), wildcard >= 0, start + 1)

    def _character(self) -> str:
        if self.peek() != "\\":
            return self.peek()
        self.at += 1
        escaped = _ESCAPES.get(self.peek())
        if escaped is None:
            self.fail(r"only \\ \" \' \* \n \r \t are escapes", at=self.at - 1)
        return escaped

    def fail_wildcard(self, at: int) -> NoReturn:
        self.fail(
            r"'*' is a wildcard only at the end of a value; write \* in quotes for the character",
            at=at,
            reason="FILTER_WILDCARD",
        )

    def fail(
        self, message: str, *, at: int | None = None, reason: str = "FILTER_SYNTAX"
    ) -> NoReturn:
        position = (self.at if at is None else at) + 1
        raise refusal(self._argument, reason, position, message)
