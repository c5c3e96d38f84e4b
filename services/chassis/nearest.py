"""What someone may have meant by a name that isn't known. Standard library only."""

import re
from collections.abc import Iterable
from difflib import get_close_matches
from typing import Final

__all__ = ["nearest"]

_CAPITAL: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
# Nobody mistypes longer names, and to compare one of a megabyte takes seconds.
_LONGEST: Final = 100


def nearest(written: str, names: Iterable[str]) -> str:
    """`, did you mean x?` if one of the names is close to what was written; camelCase and
    snake_case are the same."""
    if len(written) > _LONGEST:
        return ""
    by_form = {_form(name): name for name in names}
    close = get_close_matches(_form(written), list(by_form), n=1)
    return f", did you mean {by_form[close[0]]}?" if close else ""


def _form(name: str) -> str:
    return _CAPITAL.sub("_", name).lower()
