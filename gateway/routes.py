"""The route table: HTTP method and path to a target, with the parts of the path it captures.

Knows nothing of messages or gRPC. The more specific segment wins (literal, then `*`, then `**`);
two templates of the same shape under one HTTP method stop the start.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar
from urllib.parse import unquote_to_bytes

from gateway.templates import Template, Variable

__all__ = ["AmbiguousRoute", "Match", "Route", "RouteTable", "decode_segment", "decode_segments"]

T = TypeVar("T")


class AmbiguousRoute(ValueError):
    """Two routes accept the same requests; names both."""


@dataclass(frozen=True, slots=True)
class Route(Generic[T]):
    """One template under one HTTP method, and what it leads to."""

    method: str
    template: Template
    target: T
    label: str


@dataclass(frozen=True, slots=True)
class Match(Generic[T]):
    """The route a path led to, and the text of each of its variables as it stood in the path."""

    route: Route[T]
    captures: tuple[str, ...]


class _Leaf(Generic[T]):
    """The end of a template in the trie; `slices` cut its variables out of a path's segments."""

    __slots__ = ("length", "route", "slices", "tail_at")

    def __init__(self, route: Route[T]) -> None:
        segments = route.template.segments
        self.route = route
        self.length = len(segments)
        self.tail_at = segments.index("**") if "**" in segments else self.length
        self.slices = tuple((v.start, v.end) for v in route.template.variables)

    def cut(self, segments: Sequence[str]) -> Match[T]:
        extra = len(segments) - self.length
        captures = tuple(
            segments[start]
            if end - start == 1 and start < self.tail_at
            else "/".join(segments[self._moved(start, extra) : self._moved(end, extra)])
            for start, end in self.slices
        )
        return Match(self.route, captures)

    def _moved(self, index: int, extra: int) -> int:
        return index if index <= self.tail_at else index + extra


@dataclass(slots=True)
class _Node(Generic[T]):
    literals: "dict[str, _Node[T]]" = field(default_factory=dict)
    star: "_Node[T] | None" = None
    tails: "list[tuple[list[str], _Leaf[T]]]" = field(default_factory=list)
    leaf: "_Leaf[T] | None" = None

    def insert(self, route: Route[T]) -> None:
        leaf, node, segments = _Leaf(route), self, route.template.segments
        for index, segment in enumerate(segments):
            if segment == "**":
                node.insert_tail(list(segments[index + 1 :]), leaf)
                return
            if segment == "*":
                node.star = node.star or _Node()
                node = node.star
            else:
                node = node.literals.setdefault(segment, _Node())
        if node.leaf is not None:
            raise _ambiguous(node.leaf.route, route)
        node.leaf = leaf

    def insert_tail(self, suffix: list[str], leaf: _Leaf[T]) -> None:
        for known, other in self.tails:
            if known == suffix:
                raise _ambiguous(other.route, leaf.route)
        self.tails.append((suffix, leaf))
        self.tails.sort(key=lambda tail: -len(tail[0]))

    def find(self, segments: list[str], at: int) -> _Leaf[T] | None:
        """Recursion is as deep as the longest template, however long the path."""
        if at == len(segments):
            if self.leaf is not None:
                return self.leaf
        else:
            child = self.literals.get(segments[at])
            if child is not None and (found := child.find(segments, at + 1)) is not None:
                return found
            if (
                self.star is not None
                and segments[at]
                and (found := self.star.find(segments, at + 1)) is not None
            ):
                return found
        for suffix, leaf in self.tails:
            if len(segments) - at >= len(suffix) and (
                not suffix or segments[len(segments) - len(suffix) :] == suffix
            ):
                return leaf
        return None


class RouteTable(Generic[T]):
    """Finds the route of a request. Built once; reading it needs no lock.

    With `colon_is_verb` a colon in the last segment always starts a verb, so that a path with an
    unknown verb matches nothing; otherwise it is part of the segment unless the verb is known.
    """

    def __init__(self, routes: Iterable[Route[T]], *, colon_is_verb: bool = True) -> None:
        self._colon_is_verb = colon_is_verb
        self._roots: dict[str, dict[str, _Node[T]]] = {}
        for route in routes:
            verbs = self._roots.setdefault(route.method, {})
            verbs.setdefault(route.template.verb, _Node()).insert(route)

    def match(self, method: str, path: str) -> Match[T] | None:
        """The route for a path as sent, still percent-encoded, without its query."""
        verbs = self._roots.get(method)
        if verbs is None or path[:1] != "/":
            return None
        segments = path[1:].split("/") if path != "/" else []
        last, colon, verb = segments[-1].rpartition(":") if segments else ("", "", "")
        if colon:
            root = verbs.get(verb)
            if root is not None and verb:
                bare = [*segments[:-1], last]
                leaf = root.find(bare, 0)
                if leaf is not None:
                    return leaf.cut(bare)
            if self._colon_is_verb:
                return None
        root = verbs.get("")
        leaf = root.find(segments, 0) if root is not None else None
        return leaf.cut(segments) if leaf is not None else None

    def allowed(self, path: str) -> list[str]:
        """The HTTP methods under which the path leads anywhere, sorted."""
        return sorted(method for method in self._roots if self.match(method, path) is not None)


def decode_segment(raw: str) -> str:
    """Percent-decodes a variable of one segment in full; raises UnicodeDecodeError."""
    return unquote_to_bytes(raw).decode() if "%" in raw else raw


def decode_segments(raw: str, kept: str = "/") -> str:
    """Percent-decodes a variable of several segments, all but the characters in `kept`.

    An encoded slash stays encoded, so that it can't be taken for a border between segments.
    Raises UnicodeDecodeError.
    """
    if "%" not in raw:
        return raw
    decoded: list[str] = []
    start = at = 0
    while (at := raw.find("%", at)) >= 0:
        escape = raw[at : at + 3]
        if any(escape.upper() == f"%{ord(character):02X}" for character in kept):
            decoded += (unquote_to_bytes(raw[start:at]).decode(), escape)
            start = at + 3
        at += 1
    decoded.append(unquote_to_bytes(raw[start:]).decode())
    return "".join(decoded)


def variable_text(variable: Variable, raw: str) -> str:
    """The value of a variable from its text in the path; raises UnicodeDecodeError."""
    return decode_segments(raw) if variable.multi_segment else decode_segment(raw)


def _ambiguous(first: Route[T], second: Route[T]) -> AmbiguousRoute:
    return AmbiguousRoute(
        f"{first.label} ({first.method} {first.template.text}) and {second.label} "
        f"({second.method} {second.template.text}) accept the same requests"
    )
