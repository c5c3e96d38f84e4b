"""A resource that is to be created. No message and no SQL, so that models may use it."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Generic, TypeVar

__all__ = ["New", "given_names"]

D = TypeVar("D")


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


def given_names(new: Iterable[New[D]]) -> set[str]:
    """The names that callers chose, which may be taken."""
    return {each.name for each in new if each.fingerprint}
