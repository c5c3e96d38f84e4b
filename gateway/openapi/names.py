"""Names as a person would choose them, since the names of generated clients are made of them.

A name is as short as it can be; where two would be the same, both are told apart by their service,
and if that is not enough by all of their package.
"""

from collections import Counter
from collections.abc import Callable, Iterable
from typing import TypeVar

__all__ = ["operation_ids", "schema_names"]

Named = TypeVar("Named")


def schema_names(
    types: Iterable[tuple[str, str]], taken: Iterable[str]
) -> dict[tuple[str, str], str]:
    """Names of components by full type name and ending: `guanxi.customer.v1.Customer` is
    `Customer`, with the ending `Input` it is `CustomerInput`; its enum `Kind` is `CustomerKind`."""
    return _apart(
        types,
        (
            lambda each: _within(each[0]) + each[1],
            lambda each: _owner(each[0]) + _within(each[0]) + each[1],
            lambda each: _camel(each[0].split(".")) + each[1],
        ),
        taken,
    )


def operation_ids(methods: Iterable[str]) -> dict[str, str]:
    """Names of operations by a method's full name: `listCustomers`, and where two services have a
    method of that name `quoteSend` and `invoiceSend`."""
    return _apart(
        methods,
        (
            lambda each: _lower(each.rpartition(".")[2]),
            lambda each: _lower(_service(each)) + each.rpartition(".")[2],
            lambda each: _lower(_camel(each.split("."))),
        ),
        (),
    )


def _apart(
    named: Iterable[Named], ways: Iterable[Callable[[Named], str]], taken: Iterable[str]
) -> dict[Named, str]:
    open_ones, reserved = sorted(set(named), key=str), set(taken)
    names: dict[Named, str] = {}
    for way in ways:
        chosen = {each: way(each) for each in open_ones}
        times = Counter(chosen.values())
        unique = {
            e: name for e, name in chosen.items() if times[name] == 1 and name not in reserved
        }
        names |= unique
        # Whoever comes later stays clear of what others wanted, too: both are told apart.
        reserved |= set(chosen.values())
        open_ones = [each for each in open_ones if each not in unique]
    if open_ones:
        raise ValueError(f"these have no name of their own: {open_ones}")
    return names


def _within(full_name: str) -> str:
    """The name in its package: packages are lower case, what is in them begins with a capital."""
    return "".join(part for part in full_name.split(".") if part[:1].isupper())


def _owner(full_name: str) -> str:
    parts = full_name.split(".")
    return _camel(parts[1:2] if parts[0] == "guanxi" else parts[:1])


def _service(method: str) -> str:
    return method.split(".")[-2].removesuffix("Service")


def _camel(parts: Iterable[str]) -> str:
    return "".join(part[:1].upper() + part[1:] for part in parts)


def _lower(name: str) -> str:
    return name[:1].lower() + name[1:]
