"""What becomes of what is to be created, one or many: each stands or falls alone, so that one bad
row keeps no other out."""

from collections.abc import Callable, Mapping, MutableMapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from services.chassis.creation import New
from services.chassis.errors import DomainError, already_exists, beneath
from services.chassis.turns import taking_turns

__all__ = ["Outcomes", "create_each"]

D = TypeVar("D")
R = TypeVar("R")


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


async def create_each(
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
    async for index, each in taking_turns(new.items()):
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
