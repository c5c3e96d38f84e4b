"""What a kind of record of other services is to insight: one value, which everything else reads."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Annotated, Any, Final, Generic, Protocol, TypeVar, cast

from google.protobuf.timestamp_pb2 import Timestamp
from guanxi.events.v1.event_feed_pb2 import Event

__all__ = [
    "Changes",
    "Code",
    "Key",
    "Reader",
    "Readers",
    "Record",
    "Source",
    "microseconds",
    "value_name",
]

Key = Annotated[str, "key"]
"""A field of a record that is a name or a code, compared byte by byte; plain text is `str`."""

Code = Annotated[int, "code"]
"""A field of a record that is a number of a contract's enum."""


class Record(Protocol):
    """One record, as far as facts need it: a frozen dataclass, whose fields are the columns of its
    table. `customer` is empty where it is nobody's; `position` is that of the event it comes from:
    an older event, applied again, never overwrites a newer one.
    """

    @property
    def customer(self) -> str: ...
    @property
    def position(self) -> int: ...


R = TypeVar("R", bound=Record)
C = TypeVar("C")

Reader = Callable[[Event, str], R]
"""What an event's record is now; amounts are in the base currency, which is given. Raises
DecodeError for a payload that is no message of its type, ValueError for what can't be kept."""


@dataclass(frozen=True, slots=True, eq=False)
class Source(Generic[R, C]):
    """A kind of record: which events tell it, what is kept of it, and what facts get of it.

    `name` is that of its table. `key` is the field that a record is known by, whoever's it is now.
    `columns` makes what facts are computed from out of rows of the fields `needs`; it is told the
    place of each customer. Where `counts` names a field, rows in which it is false are kept and
    don't go there. A record stays when its customer is deleted, for they may come back.
    """

    name: str
    record: type[R]
    readers: Mapping[str, Reader[R]]
    needs: tuple[str, ...]
    columns: Callable[[Sequence[Any], Mapping[str, int]], C]
    key: str = "name"
    counts: str = ""


class Changes:
    """The newest record of each thing that events are about, by source and key."""

    def __init__(self, sources: Iterable[Source[Any, Any]]) -> None:
        self._records: dict[str, dict[str, Any]] = {source.name: {} for source in sources}

    def of(self, source: Source[R, C]) -> dict[str, R]:
        """The records of a source, by key."""
        return cast("dict[str, R]", self._records[source.name])

    def customers(self) -> set[str]:
        """Whose records they are."""
        found: set[str] = set()
        for records in self._records.values():
            found.update(map(_CUSTOMER, records.values()))
        return found - {""}


class Readers:
    """What reads the events of some sources."""

    def __init__(self, sources: Sequence[Source[Any, Any]]) -> None:
        self._sources = sources
        self._of_type: dict[str, list[tuple[Source[Any, Any], Reader[Any], attrgetter[str]]]] = {}
        for source in sources:
            for event_type, read in source.readers.items():
                known = self._of_type.setdefault(event_type, [])
                known.append((source, read, attrgetter(source.key)))

    @property
    def types(self) -> frozenset[str]:
        """The types of events that are read; all others are passed."""
        return frozenset(self._of_type)

    def read(self, events: Iterable[Event], currency: str) -> Changes:
        """What the events, in order of position, change. Raises what readers raise."""
        changes = Changes(self._sources)
        for event in events:
            for source, read, key in self._of_type.get(event.type, ()):
                record = read(event, currency)
                changes.of(source)[key(record)] = record
        return changes


_CUSTOMER: Final = attrgetter("customer")


def microseconds(moment: Timestamp) -> int:
    """An instant as columns have it."""
    return moment.seconds * 1_000_000 + moment.nanos // 1_000


def value_name(enum: Any, number: int) -> str:
    """The value's name; empty where it isn't stated, its number where it is newer than we are."""
    if not number:
        return ""
    return enum.Name(number) if number in enum.values() else str(number)
