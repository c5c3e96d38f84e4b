"""Checks a JSON body against the shape of its message and cuts it into pieces, before anything is
built of it.

The native reader knows no depth, takes the last of two values, and builds lists of any length
first; so what it gets is checked here, in one pass that goes no deeper than the message does and
stops at the first mistake. Pieces of a long body are bodies of their own: their bytes, one after
the other, are the bytes of the whole (on the wire, concatenation is a merge), and others get their
turn between two of them.
"""

import re
from collections.abc import Generator, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass

from gateway.transcode.refusals import (
    duplicate_field,
    invalid_value,
    malformed_body,
    nested_too_deep,
    only_one_of,
    too_many_items,
    unknown_field,
)
from gateway.transcode.shapes import Holds, Member, Shape, Shapes
from gateway.transcode.tokens import PLAIN, VALUE_BYTES, Tokens, is_number
from services.chassis.errors import DomainError

__all__ = ["MAX_DEPTH", "PIECE_BYTES", "Bodies", "Piece"]

# A Struct takes three of the hundred levels that protobuf readers go down for each one here.
MAX_DEPTH = 32
# What is read in one turn: 3 ms.
PIECE_BYTES = 64 * 1024
_FREE_VALUES = 10_000


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a body that is an object itself; `first` is the index of its only list's first
    item in the whole."""

    text: bytes
    first: int = 0


class Bodies:
    """Reads the bodies of one kind of request; `elsewhere` are keys that belong somewhere else."""

    def __init__(self, shape: Shape, shapes: Shapes, elsewhere: Mapping[str, str]) -> None:
        self._shape = shape
        self._shapes = shapes
        self._elsewhere = elsewhere

    def pieces(self, body: bytes) -> Iterator[Piece]:
        """The body in pieces, each checked; raises DomainError naming what is wrong."""
        return _Reading(body, self._shapes, self._elsewhere).pieces(self._shape)

    def place_of(self, piece: Piece, at: int) -> str:
        """The field in which a byte of a piece is."""
        reading = _Reading(piece.text[:at], self._shapes, self._elsewhere)
        # Reading what comes before it ends, for want of the rest, where it is.
        with suppress(DomainError):
            for _ in reading.pieces(self._shape):
                pass
        return reading.where_in_whole(piece.first)


class _Reading(Tokens):
    """One body being checked."""

    __slots__ = ("_elsewhere", "_free", "_shapes")

    def __init__(self, data: bytes, shapes: Shapes, elsewhere: Mapping[str, str]) -> None:
        super().__init__(data)
        self._shapes = shapes
        self._elsewhere = elsewhere
        self._free = 0

    def pieces(self, shape: Shape) -> Iterator[Piece]:
        """A short body whole, a long one in pieces."""
        at = self.space(0)
        if self.data[at : at + 1] != b"{":
            raise malformed_body("it does not start with '{'")
        if len(self.data) > PIECE_BYTES:
            self._ended((yield from self._long_object(shape, at)))
        else:
            self._ended(self._object(shape, at, 1))
            yield Piece(self.data)

    def _long_object(self, shape: Shape, at: int) -> Generator[Piece, None, int]:
        """The outermost object, some members at a time; returns the position behind it."""
        members: list[bytes] = []
        size = 0
        given: set[str] = set()
        at, more = self.opened(at, b"}")
        while more:
            start = at
            self.limit = start + VALUE_BYTES
            member, key, at = self._member(shape, at, given)
            if member.listed and self.data[at : at + 1] == b"[":
                at = yield from self._long_list(member, key, at)
            else:
                at = self._value(member, key, at, 1)
                members.append(self.data[start:at])
                size += at - start
                self.limit = at + VALUE_BYTES  # what comes behind it is none of the value
            at, more = self.next(at, b"}")
            if size > PIECE_BYTES or not more:
                yield Piece(b"{%s}" % b",".join(members))
                members, size = [], 0
        return at

    def _long_list(self, member: Member, key: bytes, at: int) -> Generator[Piece, None, int]:
        """A list of the outermost object, item by item; returns the position behind it."""
        self.path.append(key)
        at, more = self.opened(at, b"]")
        start, first, count = at, 0, 0
        while more:
            self._count(member, count)
            self.limit = at + VALUE_BYTES
            self.path.append(count)
            end = self._one(member, at, 2)
            at, more = self.next(end, b"]")
            self.path.pop()
            count += 1
            if not more or end - start > PIECE_BYTES:
                yield Piece(b"{%s:[%s]}" % (key, self.data[start:end]), first)
                start, first = at, count
        self.path.pop()
        return at

    def _object(self, shape: Shape, at: int, depth: int) -> int:
        """A message's object; returns the position behind it."""
        if depth > MAX_DEPTH:
            raise nested_too_deep(self.where(), MAX_DEPTH)
        at, more = self.opened(at, b"}")
        given: set[str] = set()
        while more:
            found = PLAIN.match(self.data, at, self.limit)
            name = shape.plain.get(found[1]) if found is not None else None
            if found is None or name is None or name in given or _is_odd(found, name, shape):
                member, key, at = self._member(shape, at, given)
                at, more = self.next(self._value(member, key, at, depth), b"}")
                continue
            given.add(name)
            more = found[3] == b","
            at = found.end() if more else found.end(3)
        return at

    def _member(self, shape: Shape, at: int, given: set[str]) -> tuple[Member, bytes, int]:
        """What the key at a position stands for, itself, and where its value starts."""
        found = self.key(at)
        key, at = found[1], found.end()
        member = shape.members.get(key) or shape.members.get(self.plain(key))
        if member is None:
            raise self._unknown(key, shape)
        if member.name in given:
            raise duplicate_field(self.where(key))
        given.add(member.name)
        if member.oneof and self.data[at : at + 1] != b"n":
            if member.oneof in given:
                raise only_one_of(self.where(key), member.oneof)
            given.add(member.oneof)
        return member, key, at

    def _value(self, member: Member, key: bytes, at: int, depth: int) -> int:
        """The value of a member: one, a list or a map; returns the position behind it."""
        self.path.append(key)
        if not (member.listed or member.mapped) or self.data[at : at + 1] == b"n":
            at = self._one(member, at, depth)
        elif member.listed:
            at = self._list(member, at, depth + 1)
        else:
            at = self._map(member, at, depth + 1)
        self.path.pop()
        return at

    def _list(self, member: Member, at: int, depth: int) -> int:
        if self.data[at : at + 1] != b"[":
            raise self.other_than("a list", at)
        at, more = self.opened(at, b"]")
        count = 0
        while more:
            self._count(member, count)
            self.path.append(count)
            at, more = self.next(self._one(member, at, depth), b"]")
            self.path.pop()
            count += 1
        return at

    def _map(self, member: Member, at: int, depth: int) -> int:
        if self.data[at : at + 1] != b"{":
            raise self.other_than("an object", at)
        at, more = self.opened(at, b"}")
        given: set[bytes] = set()
        while more:
            self._count(member, len(given))
            key, at = self._free_key(at, given)
            self.path.append(key)
            if member.number_keys and not is_number(self.plain(key)):
                raise invalid_value(self.where(), "the keys of this map are whole numbers")
            at, more = self.next(self._one(member, at, depth), b"}")
            self.path.pop()
        return at

    def _one(self, member: Member, at: int, depth: int) -> int:
        """One value of a member, or null in its place; returns the position behind it."""
        if member.holds is Holds.SCALAR or self.data[at : at + 1] == b"n":
            return (
                self.number(at, member.must_be)
                if member.number
                else self.scalar(at, member.must_be)
            )
        if member.holds is Holds.ENUM:
            return self.enum(at, member.must_be)
        if member.holds is Holds.FREE:
            return self._free_value(at, depth)
        if self.data[at : at + 1] != b"{":
            raise self.other_than("an object", at)
        if member.shape is None:
            return self._any(at, depth)
        return self._object(member.shape, at, depth + 1)

    def _any(self, at: int, depth: int) -> int:
        """An `Any`: a free value that, if its type is known, has the shape of that type."""
        end = self._free_value(at, depth)
        type_url = self.loaded(self.data[at:end]).get("@type")
        shape = self._shapes.named(type_url) if isinstance(type_url, str) else None
        return end if shape is None else self._object(shape, at, depth + 1)

    def _free_value(self, at: int, depth: int) -> int:
        """A value of no declared shape: as deep and as long as is allowed, no key twice."""
        self._free += 1
        if self._free > _FREE_VALUES:
            raise invalid_value(self.where(), f"holds more than {_FREE_VALUES} values")
        opener = self.data[at : at + 1]
        if opener not in (b"{", b"["):
            return self.scalar(at, "a value of JSON")
        if depth >= MAX_DEPTH:
            raise nested_too_deep(self.where(), MAX_DEPTH)
        closer = b"}" if opener == b"{" else b"]"
        at, more = self.opened(at, closer)
        given: set[bytes] = set()
        index = 0
        while more:
            key: bytes | int = index
            if opener == b"{":
                key, at = self._free_key(at, given)
            self.path.append(key)
            at, more = self.next(self._free_value(at, depth + 1), closer)
            self.path.pop()
            index += 1
        return at

    def _free_key(self, at: int, given: set[bytes]) -> tuple[bytes, int]:
        found = self.key(at)
        key = found[1]
        plain = self.plain(key)
        if plain in given:
            raise duplicate_field(self.where(key))
        given.add(plain)
        return key, found.end()

    def _ended(self, at: int) -> None:
        self.limit = at + VALUE_BYTES
        at = self.space(at)
        if at != len(self.data):
            raise malformed_body(f"there is more behind its end, at byte {at}")

    def _count(self, member: Member, there: int) -> None:
        if member.most and there >= member.most:
            noun = "pairs" if member.mapped else "items"
            raise too_many_items(self.where(), member.most, noun)

    def _unknown(self, key: bytes, shape: Shape) -> DomainError:
        name = key[1:-1].decode("utf-8", "replace")
        place = self._elsewhere.get(name) if not self.path else None
        return unknown_field(self.where(key), place or "", key=name, fields=shape.names())


def _is_odd(found: re.Match[bytes], name: str, shape: Shape) -> bool:
    """Whether a number is written as a text that isn't plainly one."""
    return found[2] is not None and name in shape.numbers
