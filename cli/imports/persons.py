"""Files that have people's names in two halves, and what another column of names means there: the
people's employer, the same names, or something that is asked about."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from cli.connection import CommandError
from cli.imports.cells import BadValue, clean
from cli.imports.columns import Chosen, Located, plain
from cli.imports.names import words
from cli.imports.sources import Row

_HALVES = ("given_name", "family_name")
# Of companies these are the names, of people the companies they belong to.
_ACCOUNTS = frozenset({"account", "accountname"})


def with_employers(columns: Located, chosen: Chosen, header: Sequence[str]) -> Located:
    """The columns; an account beside the names of people, taken for their name, is their company.

    Raises:
        CommandError: another column could be their company as well.
    """
    [account] = columns.get("name", (None,))
    if (
        account is None
        or "name" in chosen
        or not any(half in columns for half in _HALVES)
        or plain(header[account]) not in _ACCOUNTS
    ):
        return columns
    if "company" in columns or "company" in chosen:
        raise CommandError(
            f"{header[account]} could be people's name or their company: choose with --map"
            f' "name={header[account]}" or --map "company={header[account]}", or leave it out with'
            " --map name=."
        )
    others = {field: found for field, found in columns.items() if field != "name"}
    return others | {"company": (account,)}


def expect_whole_names(columns: Located, header: Sequence[str], rows: Iterable[Row]) -> None:
    """Raises CommandError for a file in which a name leaves out what its given and its family name
    say: it would be lost, for the name is what a customer is called."""
    halves = [columns[half][0] for half in _HALVES if half in columns]
    if "name" not in columns or not halves:
        return
    [whole] = columns["name"]
    for line, values in rows:
        try:
            name = clean(values[whole], "name")
            parts = " ".join(clean(values[half], "given_name") for half in halves)
        except BadValue:  # which refuses its row
            continue
        if name and not words(parts) <= words(name):
            raise CommandError(
                f"On line {line}, {header[whole]} is {name!r} beside {parts.strip()!r}:"
                f" {_choice(columns, header)}."
            )


def _choice(columns: Located, header: Sequence[str]) -> str:
    """What the user can say of a name and of one half or both."""
    name = header[columns["name"][0]]
    there = [half for half in _HALVES if half in columns]
    others = [half for half in _HALVES if half not in columns]
    said = [f'say --map "{half}={name}" if it is the {half.replace("_", " ")}' for half in others]
    halves = " and ".join(header[columns[half][0]] for half in there)
    said.append(
        f"{'' if said else 'say '}--map name= if people's names are in {halves}, also --map"
        f' "company={name}" if it names their company'
    )
    left_out = " ".join(f"--map {half}=" for half in there)
    return f"{', '.join(said)}, or {left_out} if it is their whole name"
