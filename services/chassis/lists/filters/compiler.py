"""Turns a filter into one SQL condition with bound parameters, over declared fields only.

Logic is two-valued: a missing value fulfils no comparison but `!=`, and NOT of what doesn't hold
holds. Text order and the case of letters beyond A-Z are the database's own.
"""

import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, tzinfo
from fractions import Fraction
from types import MappingProxyType
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    ColumnElement,
    Double,
    String,
    and_,
    false,
    func,
    literal,
    not_,
    or_,
    true,
)

from services.chassis import money
from services.chassis.errors import DomainError
from services.chassis.lists.filters import sql, values
from services.chassis.lists.filters.arguments import Arguments
from services.chassis.lists.filters.fields import (
    BoolType,
    DateType,
    EnumType,
    Field,
    FloatType,
    ListType,
    MapType,
    NumberType,
    StringType,
    TimeType,
)
from services.chassis.lists.filters.parser import parse
from services.chassis.lists.filters.syntax import (
    And,
    Comparator,
    Literal,
    Node,
    Not,
    Or,
    Restriction,
)

__all__ = ["compile", "compile_node"]

_EQUALITY: Final = frozenset({Comparator.EQUAL, Comparator.HAS})
_OPERATORS: Final[Mapping[Comparator, Callable[[Any, Any], Any]]] = MappingProxyType(
    {
        Comparator.EQUAL: operator.eq,
        Comparator.HAS: operator.eq,
        Comparator.LESS: operator.lt,
        Comparator.LESS_OR_EQUAL: operator.le,
        Comparator.GREATER: operator.gt,
        Comparator.GREATER_OR_EQUAL: operator.ge,
    }
)
_Condition = ColumnElement[bool]


def compile(
    text: str,
    fields: Mapping[str, Field],
    *,
    today: date | None = None,
    zone: tzinfo = UTC,
    argument: str = "filter",
) -> ColumnElement[bool]:
    """The condition a filter stands for; `true()` for empty text.

    `today` declares the function `days(n)`, n days after it; `zone` is where a bare date compared
    with a time has its midnights; `argument` is the request field that errors name.

    Raises DomainError INVALID_ARGUMENT: what `parse` raises, and FILTER_UNKNOWN_FIELD,
    FILTER_UNKNOWN_FUNCTION, FILTER_UNKNOWN_VALUE (of an enum), FILTER_VALUE (can't be read as the
    field's type), FILTER_COMPARATOR (not offered for the type), FILTER_WILDCARD.
    """
    node = parse(text, argument=argument)
    return compile_node(node, fields, today=today, zone=zone, argument=argument)


def compile_node(
    node: Node,
    fields: Mapping[str, Field],
    *,
    today: date | None = None,
    zone: tzinfo = UTC,
    argument: str = "filter",
) -> ColumnElement[bool]:
    """As `compile`, for a filter that is parsed already."""
    return _Compilation(fields, Arguments(argument, today, zone)).condition(node, negated=False)


@dataclass(frozen=True, slots=True)
class _Compilation:
    fields: Mapping[str, Field]
    read: Arguments

    def condition(self, node: Node, *, negated: bool) -> _Condition:
        """NOT is pushed down to the comparisons, so that NULL is dealt with at one place."""
        match node:
            case And(operands):
                parts = [self.condition(each, negated=negated) for each in operands]
                return _any(parts) if negated else _all(parts)
            case Or(operands):
                parts = [self.condition(each, negated=negated) for each in operands]
                return _all(parts) if negated else _any(parts)
            case Not(operand):
                return self.condition(operand, negated=not negated)
            case Restriction():
                unequal = node.comparator is Comparator.NOT_EQUAL
                met = self._comparison(node)
                return not_(func.coalesce(met, false())) if negated != unequal else met

    def _comparison(self, node: Restriction) -> _Condition:
        field, key = self._field(node)
        match field.type:
            case ListType(names, normal, form):
                node = self.read.of_form(self.read.normal(node, normal), form)
                return self._element(node, field.column, names)
            case MapType() if key is None:
                return self._key(node, field.column)
            case MapType():
                value = sql.MapValue(field.column, key or "")
                return self._text(node, value, present=value.is_not(None))
            case StringType(normal, form):
                node = self.read.normal(node, normal)
                node = self.read.exactly_of_form(node, form)
                return self._text(node, field.column, present=field.column != "")
            case _:
                return self._scalar(node, field)

    def _scalar(self, node: Restriction, field: Field) -> _Condition:
        column = field.column
        comparator = _positive(node.comparator)
        if isinstance(node.value, Literal) and node.value.prefix:
            if node.value.text or comparator not in _EQUALITY:
                raise self.read.refused(
                    node.value,
                    "FILTER_WILDCARD",
                    f"{node.field_name} takes no wildcard but in {node.field_name}:*",
                )
            return column.is_not(None)
        match field.type:
            case NumberType():
                return _number(column, field.type, comparator, self.read.number(node))
            case FloatType():
                return _compared(column, comparator, literal(self.read.double(node), Double()))
            case TimeType():
                return _moment(column, comparator, self.read.moment(node))
            case DateType():
                return _compared(column, comparator, self.read.day(node))
            case BoolType() if comparator in _EQUALITY:
                return column == literal(self.read.truth(node), Boolean())
            case EnumType(stored) if comparator in _EQUALITY:
                return column == stored[self.read.one_of(node, tuple(stored))]
            case _:
                raise self._other_comparator(node, "=, != and :")

    def _text(
        self, node: Restriction, column: ColumnElement[Any], *, present: _Condition
    ) -> _Condition:
        comparator = _positive(node.comparator)
        value = self.read.text(node)
        if value.prefix and comparator not in _EQUALITY:
            raise self.read.refused(value, "FILTER_WILDCARD", f"{comparator} takes no wildcard")
        if value.prefix and not value.text:
            return present
        if comparator is Comparator.HAS:
            return self._contains(value, column)
        if value.prefix:
            return sql.StartsWith(column, value.text)
        if comparator is Comparator.EQUAL and not value.text:
            return or_(column.is_(None), column == "")
        return _compared(column, comparator, literal(value.text, String()))

    def _contains(self, value: Literal, column: ColumnElement[Any]) -> _Condition:
        if not value.text:
            raise self.read.refused(
                value, "FILTER_VALUE", "every text contains the empty one; write * for any value"
            )
        before = "" if value.prefix else "%"
        pattern = literal(sql.like_pattern(value.text, before=before, after="%"), String())
        return func.lower(column).like(func.lower(pattern), escape="!")

    def _element(
        self, node: Restriction, column: ColumnElement[Any], names: tuple[str, ...]
    ) -> _Condition:
        value = self._has(node)
        if value.prefix:
            return (
                sql.HasElementPrefix(column, value.text) if value.text else sql.IsNotEmpty(column)
            )
        return sql.HasElement(column, self.read.one_of(node, names) if names else value.text)

    def _key(self, node: Restriction, column: ColumnElement[Any]) -> _Condition:
        value = self._has(node)
        if value.prefix and value.text:
            raise self.read.refused(value, "FILTER_WILDCARD", "a key takes no wildcard")
        if value.prefix:
            return sql.IsNotEmpty(column)
        return sql.MapValue(column, value.text).is_not(None)

    def _has(self, node: Restriction) -> Literal:
        if node.comparator is not Comparator.HAS:
            raise self._other_comparator(node, ":")
        return self.read.text(node)

    def _field(self, node: Restriction) -> tuple[Field, str | None]:
        """The field a path means, and the key if the path goes on into a map."""
        found = self.fields.get(node.field_name)
        if found:
            return found, None
        outer = self.fields.get(".".join(node.path[:-1]))
        if outer and isinstance(outer.type, MapType):
            return outer, node.path[-1]
        raise self.read.unknown_field(node, self.fields)

    def _other_comparator(self, node: Restriction, offered: str) -> DomainError:
        return self.read.refused(
            node,
            "FILTER_COMPARATOR",
            f"{node.field_name} is not compared with {node.comparator} but with {offered}",
        )


def _positive(comparator: Comparator) -> Comparator:
    return Comparator.EQUAL if comparator is Comparator.NOT_EQUAL else comparator


def _all(parts: Sequence[_Condition]) -> _Condition:
    return and_(true(), *parts)


def _any(parts: Sequence[_Condition]) -> _Condition:
    return or_(false(), *parts)


def _compared(column: ColumnElement[Any], comparator: Comparator, value: Any) -> _Condition:
    met: _Condition = _OPERATORS[comparator](column, value)
    return met


def _moment(
    column: ColumnElement[Any], comparator: Comparator, moment: values.Moment
) -> _Condition:
    match comparator:
        case Comparator.LESS:
            return column < moment.start
        case Comparator.LESS_OR_EQUAL:
            return column < moment.end
        case Comparator.GREATER:
            return column >= moment.end
        case Comparator.GREATER_OR_EQUAL:
            return column >= moment.start
        case _:
            return and_(column >= moment.start, column < moment.end)


def _number(
    column: ColumnElement[Any], kind: NumberType, comparator: Comparator, number: Fraction
) -> _Condition:
    currency = kind.currency
    if currency is None:
        return _bounded(column, comparator, number * 10**kind.exponent)
    usual, others = money.USUAL_EXPONENT, money.unusual_currencies()
    each = [
        and_(currency.in_(codes), _bounded(column, comparator, number * 10**exponent))
        for exponent, codes in others.items()
    ]
    unusual = [code for codes in others.values() for code in codes]
    rest = _bounded(column, comparator, number * 10**usual)
    return or_(*each, and_(currency.not_in(unusual), rest))


def _bounded(column: ColumnElement[Any], comparator: Comparator, number: Fraction) -> _Condition:
    bound = values.bound(comparator, number)
    if bound.limit is None:
        return false()
    if bound.always:
        return column.is_not(None)
    # As int64, for a smaller column would refuse a limit beyond its own range.
    return _compared(column, bound.comparator, literal(bound.limit, BigInteger()))
