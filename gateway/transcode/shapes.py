"""What a JSON body may look like, read from descriptors once: which members an object has under
which spellings, what each holds, and how many of them there may be."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum

from buf.validate import validate_pb
from protobuf import (
    DescEnum,
    DescField,
    DescFieldValueList,
    DescFieldValueMap,
    DescMessage,
    Registry,
    ScalarType,
)

from gateway.transcode.values import is_number, oneof_of, part_of
from gateway.transcode.words import must_be

__all__ = ["Holds", "Member", "Shape", "Shapes"]

_ANY = "google.protobuf.Any"
_FREE = frozenset({"google.protobuf.Struct", "google.protobuf.Value", "google.protobuf.ListValue"})


class Holds(Enum):
    """What one value of a member is."""

    SCALAR = "scalar"
    ENUM = "enum"
    OBJECT = "object"
    ANY = "any"
    FREE = "free"


@dataclass(frozen=True, slots=True)
class Member:
    """One field: what it holds, whether as a list or map, and how many at most (0: no rule).

    `must_be` says in words what one value is; `number` whether it is one, which may be in quotes,
    and `number_keys` whether the keys of a map are.
    """

    name: str
    holds: Holds
    shape: "Shape | None"
    listed: bool
    mapped: bool
    most: int
    oneof: str
    must_be: str
    number: bool
    number_keys: bool

    @property
    def is_plain(self) -> bool:
        """Whether it is one value, of which nothing has to be known before it is read."""
        several = self.listed or self.mapped
        return self.holds is Holds.SCALAR and not several and not self.oneof


@dataclass(slots=True)
class Shape:
    """The members of a message by either spelling, in quotes as they stand in a body.

    `plain` are the names of those of which any single value will do; `numbers` those of them that
    are numbers, whose text in quotes has a form.
    """

    members: dict[bytes, Member] = field(default_factory=dict)
    plain: dict[bytes, str] = field(default_factory=dict)
    numbers: set[str] = field(default_factory=set)

    def names(self) -> Iterator[str]:
        """How its members are called in JSON."""
        return (key[1:-1].decode() for key in self.members if b"_" not in key)


_TYPE = Member("@type", Holds.SCALAR, None, False, False, 0, "", "text", False, False)


class Shapes:
    """The shapes of messages; each is made once."""

    def __init__(self, types: Registry) -> None:
        self._types = types
        self._made: dict[str, Shape] = {}

    def of(self, message: DescMessage) -> Shape:
        """The shape of a message."""
        if message.type_name not in self._made:
            shape = self._made[message.type_name] = Shape()  # a message may hold itself
            for each in message.fields:
                member = self._member(each)
                for spelling in (each.name, each.json_name):
                    key = f'"{spelling}"'.encode()
                    shape.members[key] = member
                    if member.is_plain:
                        shape.plain[key] = member.name
                if member.is_plain and member.number:
                    shape.numbers.add(member.name)
        return self._made[message.type_name]

    def named(self, type_url: str) -> Shape | None:
        """The shape of what an `Any` holds; None where its JSON is not that of its own fields."""
        message = self._types.message(type_url.rpartition("/")[2])
        own = message is not None and not message.type_name.startswith("google.protobuf.")
        if message is None or not own:
            return None
        shape = self.of(message)
        return Shape({**shape.members, b'"@type"': _TYPE}, shape.plain, shape.numbers)

    def _member(self, described: DescField) -> Member:
        value = described.value
        kind = part_of(described)
        holds = _holds(kind)
        return Member(
            described.name,
            holds,
            self.of(kind) if isinstance(kind, DescMessage) and holds is Holds.OBJECT else None,
            isinstance(value, DescFieldValueList),
            isinstance(value, DescFieldValueMap),
            _most(described),
            oneof_of(described),
            must_be(kind),
            is_number(kind),
            isinstance(value, DescFieldValueMap) and is_number(value.key),
        )


def _holds(kind: ScalarType | DescEnum | DescMessage | None) -> Holds:
    if isinstance(kind, DescEnum):
        return Holds.ENUM
    if not isinstance(kind, DescMessage):
        return Holds.SCALAR
    if kind.type_name == _ANY:
        return Holds.ANY
    if kind.type_name in _FREE:
        return Holds.FREE
    # Timestamp, Duration, FieldMask and wrappers are written as one value; Empty is an object.
    ours = not kind.type_name.startswith("google.protobuf.")
    return Holds.OBJECT if ours or kind.type_name == "google.protobuf.Empty" else Holds.SCALAR


def _most(described: DescField) -> int:
    options = described.proto.options
    if options is None or validate_pb.ext_field not in options:
        return 0
    rules = options[validate_pb.ext_field]
    match rules.type.value if rules.type is not None else None:
        case validate_pb.RepeatedRules() as listed:
            return listed.max_items or 0
        case validate_pb.MapRules() as mapped:
            return mapped.max_pairs or 0
        case _:
            return 0
