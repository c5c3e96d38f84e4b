"""Resource names (AIP-122): built and taken apart by a template, `customers/{customer}`; and forms,
which say what every value of a field looks like.

Standard library only, so that models may use it.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Final, Protocol

from services.chassis.errors import invalid

__all__ = ["CURRENCY", "ID_PATTERN", "Capitals", "Form", "OneOf", "Template", "WordOr", "check_id"]

ID_PATTERN: Final = "[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"

_ID: Final = re.compile(ID_PATTERN)
_VARIABLE: Final = re.compile(r"\{([a-z_]+)\}")


def check_id(value: str, *, field: str) -> str:
    """The id itself. Raises DomainError INVALID_ARGUMENT, ID_INVALID on `field`."""
    if not _ID.fullmatch(value):
        raise invalid(
            field,
            "ID_INVALID",
            f"{value!r} is no id: 1 to 63 of a-z, 0-9 and -, with no - at either end",
        )
    return value


class Form(Protocol):
    """What every value of a field looks like."""

    @property
    def told(self) -> str:
        """As a person is told: `names like customers/{customer}`."""
        ...

    def matches(self, value: str) -> bool:
        """Whether the value looks so."""
        ...

    def begins(self, prefix: str) -> bool:
        """Whether some value that looks so begins like this."""
        ...


class Capitals:
    """Codes of so many capital letters."""

    __slots__ = ("_length", "told")

    def __init__(self, length: int, told: str) -> None:
        self._length = length
        self.told = told

    def matches(self, value: str) -> bool:
        return len(value) == self._length and self.begins(value)

    def begins(self, prefix: str) -> bool:
        return len(prefix) <= self._length and re.fullmatch("[A-Z]*", prefix) is not None


CURRENCY: Final = Capitals(3, "codes of three capital letters such as EUR")


class OneOf:
    """Names of an enum of another service, whose newer values are kept as their numbers."""

    __slots__ = ("_names", "told")

    def __init__(self, names: Iterable[str]) -> None:
        self._names = tuple(names)
        self.told = f"one of {', '.join(self._names)}"

    def matches(self, value: str) -> bool:
        return value in self._names or value.isdecimal()

    def begins(self, prefix: str) -> bool:
        return prefix.isdecimal() or any(name.startswith(prefix) for name in self._names)


class Template:
    """The names of one kind of resource: `Template("customers/{customer}")`."""

    __slots__ = ("_beginning", "_pattern", "text", "variables")

    def __init__(self, text: str) -> None:
        self.text = text
        self.variables: tuple[str, ...] = tuple(_VARIABLE.findall(text))
        literal = re.split(r"\{[a-z_]+\}", text)
        groups = [f"(?P<{name}>{ID_PATTERN})" for name in self.variables]
        pieces = [re.escape(literal[0])]
        for group, following in zip(groups, literal[1:], strict=True):
            pieces += [group, re.escape(following)]
        self._pattern = re.compile("".join(pieces))
        self._beginning = re.compile(_beginning(text))

    def __repr__(self) -> str:
        return f"Template({self.text!r})"

    def format(self, **ids: str) -> str:
        """The name with these ids. Raises DomainError INVALID_ARGUMENT, ID_INVALID."""
        for variable in self.variables:
            check_id(ids[variable], field=variable)
        return self.text.format(**ids)

    def parse(self, name: str, *, field: str = "name") -> Mapping[str, str]:
        """The ids in a name. Raises DomainError INVALID_ARGUMENT, NAME_INVALID on `field`."""
        found = self._pattern.fullmatch(name)
        if not found:
            raise invalid(field, "NAME_INVALID", f"{name!r} is no name like {self.text}")
        return found.groupdict()

    def id(self, name: str, *, field: str = "name") -> str:
        """The last id in a name. Raises as `parse`."""
        return self.parse(name, field=field)[self.variables[-1]]

    @property
    def told(self) -> str:
        return f"names like {self.text}"

    def matches(self, value: str) -> bool:
        return self._pattern.fullmatch(value) is not None

    def begins(self, prefix: str) -> bool:
        return self._beginning.fullmatch(prefix) is not None


class WordOr:
    """A word that stands for something, or what looks as another form says."""

    __slots__ = ("_form", "_word", "told")

    def __init__(self, word: str, form: Form) -> None:
        self._word = word
        self._form = form
        self.told = f"{word} or {form.told}"

    def matches(self, value: str) -> bool:
        return value == self._word or self._form.matches(value)

    def begins(self, prefix: str) -> bool:
        return self._word.startswith(prefix) or self._form.begins(prefix)


def _beginning(template: str) -> str:
    """What any beginning of a name matches: each piece may be the last one, or be missing."""
    pieces = re.findall(r"\{[a-z_]+\}|.", template)
    pattern = ""
    for piece in reversed(pieces):
        one = "[a-z0-9][a-z0-9-]{0,62}" if _VARIABLE.fullmatch(piece) else re.escape(piece)
        pattern = f"(?:{one}{pattern})?"
    return pattern
