"""The tree a filter is parsed into, and how it is written back as text.

Standard library only; nothing here knows fields, types or SQL.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum

__all__ = [
    "And",
    "Call",
    "Comparator",
    "Literal",
    "Node",
    "Not",
    "Or",
    "Restriction",
    "Value",
    "conjunction",
    "disjunction",
    "restrictions",
    "to_text",
]


class Comparator(StrEnum):
    """How a field is compared with a value; `:` reads "has"."""

    EQUAL = "="
    NOT_EQUAL = "!="
    LESS = "<"
    LESS_OR_EQUAL = "<="
    GREATER = ">"
    GREATER_OR_EQUAL = ">="
    HAS = ":"


@dataclass(frozen=True, slots=True)
class Literal:
    """A value as written, quotes and escapes resolved; `prefix` if it ended in a wildcard `*`.

    `position` counts characters from 1 and is no part of equality.
    """

    text: str
    prefix: bool = False
    position: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Call:
    """A function in place of a value: `days(7)`."""

    function: str
    arguments: tuple[Literal, ...]
    position: int = field(default=0, compare=False)


Value = Literal | Call


@dataclass(frozen=True, slots=True)
class Restriction:
    """One comparison: the path of a field, a comparator and a value."""

    path: tuple[str, ...]
    comparator: Comparator
    value: Value
    position: int = field(default=0, compare=False)

    @property
    def field_name(self) -> str:
        """The path as the caller wrote it: `labels.colour`."""
        return ".".join(self.path)


@dataclass(frozen=True, slots=True)
class And:
    """All operands hold; without operands it holds for everything (the empty filter)."""

    operands: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Or:
    """At least one operand holds."""

    operands: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Not:
    """The operand does not hold."""

    operand: "Node"


Node = And | Or | Not | Restriction


def conjunction(operands: list[Node]) -> Node:
    """All of them, flattened, so that one meaning has one tree."""
    flat: list[Node] = []
    for operand in operands:
        flat.extend(operand.operands if isinstance(operand, And) else (operand,))
    return flat[0] if len(flat) == 1 else And(tuple(flat))


def disjunction(operands: list[Node]) -> Node:
    """Any of them, flattened, so that one meaning has one tree."""
    flat: list[Node] = []
    for operand in operands:
        flat.extend(operand.operands if isinstance(operand, Or) else (operand,))
    return flat[0] if len(flat) == 1 else Or(tuple(flat))


def restrictions(node: Node) -> Iterator[Restriction]:
    """Every comparison of the filter, in the order it is written."""
    match node:
        case Restriction():
            yield node
        case Not(operand):
            yield from restrictions(operand)
        case And(operands) | Or(operands):
            for operand in operands:
                yield from restrictions(operand)


def to_text(node: Node) -> str:
    """The filter as text; parsing it gives an equal tree."""
    match node:
        case Restriction():
            path = ".".join([node.path[0], *(_segment(part) for part in node.path[1:])])
            spaced = ":" if node.comparator is Comparator.HAS else f" {node.comparator} "
            return f"{path}{spaced}{_value(node.value)}"
        case Not(operand):
            inner = to_text(operand)
            return f"NOT {inner}" if isinstance(operand, Restriction) else f"NOT ({inner})"
        case Or(operands):
            return " OR ".join(
                f"({to_text(each)})" if isinstance(each, And | Or) else to_text(each)
                for each in operands
            )
        case And(operands):
            return " AND ".join(
                f"({to_text(each)})" if isinstance(each, And) else to_text(each)
                for each in operands
            )


def _segment(part: str) -> str:
    return part if re.fullmatch(r"[A-Za-z0-9_/-]+", part) else _quoted(Literal(part))


def _value(value: Value) -> str:
    if isinstance(value, Call):
        return f"{value.function}({', '.join(_value(each) for each in value.arguments)})"
    if re.fullmatch(r"-?[0-9]+(\.[0-9]+)?", value.text) and not value.prefix:
        return value.text
    if value.text == "" and value.prefix:
        return "*"
    return _quoted(value)


def _quoted(literal: Literal) -> str:
    escaped = re.sub(r'[\\"*]', lambda found: "\\" + found.group(), literal.text)
    return f'"{escaped}{"*" if literal.prefix else ""}"'
