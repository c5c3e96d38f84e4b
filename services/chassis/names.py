"""Resource names (AIP-122): built and taken apart by a template, `customers/{customer}`.

Standard library only, so that models may use it.
"""

import re
from collections.abc import Mapping
from typing import Final

from services.chassis.errors import invalid

__all__ = ["ID_PATTERN", "Template", "check_id"]

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


class Template:
    """The names of one kind of resource: `Template("customers/{customer}")`."""

    __slots__ = ("_pattern", "text", "variables")

    def __init__(self, text: str) -> None:
        self.text = text
        self.variables: tuple[str, ...] = tuple(_VARIABLE.findall(text))
        literal = re.split(r"\{[a-z_]+\}", text)
        groups = [f"(?P<{name}>{ID_PATTERN})" for name in self.variables]
        pieces = [re.escape(literal[0])]
        for group, following in zip(groups, literal[1:], strict=True):
            pieces += [group, re.escape(following)]
        self._pattern = re.compile("".join(pieces))

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

    def matches(self, name: str) -> bool:
        return self._pattern.fullmatch(name) is not None
