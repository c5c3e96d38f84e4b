"""The creation of resources, one or many: each stands or falls alone, so that one bad row keeps no
other out. No message and no SQL, so that models may use it."""

from collections.abc import Callable, Iterable, Mapping, MutableMapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from services.chassis.errors import DomainError, already_exists, beneath

__all__ = ["New", "Outcomes", "create_each", "given_names"]

D = TypeVar("D")
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class New(Generic[D]):
    """Something that is to be created: its name, and a draft of what it is to be.

    Where a caller chose the name, `fingerprint` identifies what they wrote, so that creating the
    same again is known from creating another one under its name. It is empty where the server chose
    the name, which then can't be taken.
    """

    name: str
    draft: D
    fingerprint: bytes = b""


@dataclass(frozen=True, slots=True)
class Outcomes(Generic[R]):
    """What became of each: those created, in order, and the others by their index."""

    created: list[R]
    refused: dict[int, DomainError]

    def only(self) -> R:
        """The one that was asked for. Raises what it was refused for."""
        for error in self.refused.values():
            raise error
        (created,) = self.created
        return created


def given_names(new: Iterable[New[D]]) -> set[str]:
    """The names that callers chose, which may be taken."""
    return {each.name for each in new if each.fingerprint}


def create_each(
    new: Mapping[int, New[D]],
    make: Callable[[New[D]], R],
    *,
    known: MutableMapping[str, bytes | None],
    field: str,
) -> Outcomes[R]:
    """Makes each of the new ones, or says what is wrong with it, beneath `field` of its request.

    `known` holds the names that are taken (`Records.known`) and takes in those that are made, so
    that `make` can ask it for what stands further up in the same batch. Reports ALREADY_EXISTS and
    what `make` raises.
    """
    outcomes: Outcomes[R] = Outcomes([], {})
    for index, each in new.items():
        try:
            if each.name in known:
                raise _taken(each, known[each.name])
            outcomes.created.append(make(each))
        except DomainError as error:
            outcomes.refused[index] = beneath(field, error)
        else:
            known[each.name] = each.fingerprint
    return outcomes


def _taken(new: New[D], stored: bytes | None) -> DomainError:
    """Says in its metadata `unchanged` whether what has the name was created with the same content.

    `stored` is None where the caller may not see what has it: then nothing is said about it.
    """
    error = already_exists(new.name)
    if stored is None:
        return error
    unchanged = "true" if stored == new.fingerprint else "false"
    metadata = {**error.metadata, "unchanged": unchanged}
    return DomainError(error.kind, error.reason, error.message, metadata=metadata)
