"""Members of an enum of ours ↔ numbers of the contract's; names say which belong together."""

from enum import Enum
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from google.protobuf.internal.enum_type_wrapper import _EnumTypeWrapper

__all__ = ["ContractEnum"]

E = TypeVar("E", bound=Enum)
V = TypeVar("V", bound=int)


class ContractEnum(Generic[E, V]):
    """`ContractEnum(State, orders_pb2.Order.State)`, made once, on the module.

    The contract's 0 (`STATE_UNSPECIFIED`) stands for None. Raises TypeError where a number of the
    contract has no member, or a member no number.
    """

    def __init__(self, members: type[E], contract: "_EnumTypeWrapper[V]") -> None:
        unspecified, *stated = contract.values()
        if [each.name for each in members] != [contract.Name(number) for number in stated]:
            raise TypeError(
                f"{members.__qualname__} is not {contract.DESCRIPTOR.full_name}, name by name"
            )
        self._members: dict[int, E] = dict(zip(stated, members, strict=True))
        self._numbers: dict[E | None, V] = dict(zip(members, stated, strict=True))
        self._numbers[None] = unspecified

    def number(self, member: E | None) -> V:
        """The number of a member; 0 for None."""
        return self._numbers[member]

    def member(self, number: V) -> E | None:
        """The member of a number; None for 0, and for what the contract doesn't know."""
        return self._members.get(number)

    def stated(self, number: V) -> E:
        """The member of a number that the contract requires to be stated."""
        return self._members[number]
