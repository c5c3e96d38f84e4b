"""How each method of a service is asked about a row: what walks over all methods of the contracts
prepares from it. The methods are those of the contracts: a new one must say how it is asked."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from importlib import import_module
from typing import Any

from google.protobuf.descriptor import Descriptor
from google.protobuf.descriptor_pool import Default
from google.protobuf.message import Message

from services.chassis.descriptors import Idempotency, Method, load_catalogue
from tests.support.services import RunningService

__all__ = ["Ask", "Asked", "Make", "Takes", "World", "ids_of", "methods_of"]

Make = Callable[[Mapping[str, Sequence[str]]], Awaitable[None]]


class Takes(Enum):
    """What a caller needs for a method to do what it is asked."""

    SIGHT = 1
    WORK = 2


@dataclass(frozen=True, slots=True)
class Ask:
    """How a method is asked about the row of this id. What only reads takes sight, all else takes
    work, unless it says otherwise."""

    request: Callable[[str], Message]
    takes: Takes | None = None


@dataclass(frozen=True, slots=True)
class World:
    """A service, how its methods are asked, and what makes the rows they are asked about.

    `asks` are those whose rows belong to somebody, `shared` all else that changes something.
    `make` takes the ids of the rows, by the method that is asked about them; of methods that a walk
    doesn't ask, none. `delete` deletes the customers of rows, where the service hears of that.
    """

    service: RunningService
    asks: Mapping[str, Ask]
    make: Make
    shared: Mapping[str, Ask] = field(default_factory=dict)
    delete: Callable[[Sequence[str]], Awaitable[None]] | None = None

    async def prepare(self, rows: Mapping[str, Sequence[str]]) -> None:
        """Makes the rows."""
        await self.make(defaultdict(list, rows))


@dataclass(frozen=True, slots=True)
class Asked:
    """One method, and the stub that has it."""

    method: Method
    stub: type[Any]

    @property
    def name(self) -> str:
        return self.method.name

    @property
    def request(self) -> Descriptor:
        return Default().FindMessageTypeByName(self.method.request_type)

    @property
    def reads(self) -> bool:
        return self.method.idempotency is Idempotency.READ_ONLY


def methods_of(service: str) -> list[Asked]:
    """The public methods of a service, as its contracts have them."""
    catalogue = load_catalogue()
    methods = [
        (file.name, each.name, catalogue.methods[f"/{file.package}.{each.name}/{one.name}"])
        for file in catalogue.files.file
        if file.package == f"guanxi.{service}.v1"
        for each in file.service
        for one in each.method
    ]
    return [
        Asked(method, getattr(_stubs(proto), f"{name}Stub"))
        for proto, name, method in methods
        if not method.internal
    ]


def ids_of(rows: Mapping[str, Iterable[str]]) -> list[str]:
    """Each row once, whoever asks about it."""
    return sorted({row for each in rows.values() for row in each})


def _stubs(proto: str) -> Any:
    return import_module(proto.removesuffix(".proto").replace("/", ".") + "_pb2_grpc")
