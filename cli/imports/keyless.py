"""Files in which no column is found for the keys of customers, while one looks as if it had them:
they are asked about, for without keys nobody's orders find them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from cli.connection import CommandError
from cli.imports.cells import BadValue, clean
from cli.imports.columns import Chosen, Located
from cli.imports.sources import Row

_KEY = "customer"
_CUSTOMERS = re.compile(
    "customer|client|kunde|debitor|buyer|account|contact|e-?mail|acheteur|comprador|klant|客户",
    re.IGNORECASE,
)
# The last word of a column of keys: `Record ID`, `recordId`, `Kundennummer`.
_KEYS = re.compile(
    r"(?i:(?:^|[^a-z])(?:id|uid|no|nr|num|key|code|ref)[^a-z0-9]*$)"
    r"|[a-z](?:ID|Id|UID|No|Nr|Key|Code)$"
    r"|(?i:(?:number|nummer|numéro|numero|número|uuid|guid|编号)$)"
)
_OTHER_NUMBERS = re.compile(
    "phone|fax|mobile|handy|telefon|tel[. ]|vat|tax|steuer|zip|post|area|bank|iban|house",
    re.IGNORECASE,
)


def expect_customers_of_orders(columns: Located, chosen: Chosen, header: Sequence[str]) -> None:
    """Raises CommandError for a file of orders that would all be walk-ins, though it has a column
    that speaks of customers."""
    if _KEY in columns or _KEY in chosen:
        return
    speaking = [name for name in _unused(columns, header) if _CUSTOMERS.search(name)]
    if speaking:
        raise CommandError(
            f"No column has a key for each customer, so that all orders would be walk-ins: say"
            f' --map "{_KEY}={speaking[0]}" or another column, or --map {_KEY}= if they are; not'
            f" used {_are(speaking)}."
        )


def expect_keys_of_customers(
    columns: Located, chosen: Chosen, header: Sequence[str], rows: Iterable[Row]
) -> None:
    """Raises CommandError for a file of customers without keys that has a column which looks as if
    it had them: each row has another value in it, and it is called like one of keys."""
    if _KEY in columns or _KEY in chosen:
        return
    likely = {
        index: name
        for index, name in enumerate(header)
        if name in _unused(columns, header)
        and _KEYS.search(name)
        and not _OTHER_NUMBERS.search(name)
    }
    seen: dict[int, set[str]] = {index: set() for index in likely}
    for _, values in rows:
        for index in list(seen):
            try:
                key = clean(values[index], _KEY)
            except BadValue:  # which refuses its row
                continue
            if not key or key in seen[index]:
                del seen[index]
            else:
                seen[index].add(key)
        if not seen:
            return
    names = [likely[index] for index in seen]
    if names:
        raise CommandError(
            "No column has the keys of customers: their ids would be made of their names, and"
            f' orders with keys wouldn\'t find them. Say --map "{_KEY}={names[0]}" if it has'
            f" them, --map {_KEY}=COLUMN for another, or --map {_KEY}= if there are no keys."
        )


def _unused(columns: Located, header: Sequence[str]) -> list[str]:
    used = {index for indexes in columns.values() for index in indexes}
    return [name for index, name in enumerate(header) if index not in used]


def _are(names: Sequence[str]) -> str:
    return f"{'is' if len(names) == 1 else 'are'} {', '.join(names)}"
