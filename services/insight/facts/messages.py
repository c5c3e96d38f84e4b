"""Facts ↔ messages: rows of the facts table become `CustomerFacts`, the contract's own comments the
list of facts. The row goes straight into the message: an object in between would double its cost.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from google.protobuf.descriptor import EnumDescriptor, FieldDescriptor
from google.type.money_pb2 import Money
from guanxi.insight.v1 import facts_pb2
from guanxi.options.v1 import options_pb2

from services.chassis import money
from services.chassis.dates import to_date
from services.chassis.store import AnyRow
from services.chassis.timestamps import to_timestamp
from services.insight.facts.model.order_facts import is_large, same_period

__all__ = ["definitions", "fact_fields", "fact_type", "to_message", "to_money"]

_MINOR: Final = "_minor"
_MESSAGES: Final = {
    "google.type.Money": "MONEY",
    "google.protobuf.Timestamp": "TIME",
    "google.type.Date": "DATE",
}


def fact_fields() -> list[FieldDescriptor]:
    """The fields of the contract that are facts, in its order."""
    fields = facts_pb2.CustomerFacts.DESCRIPTOR.fields
    return [field for field in fields if field.GetOptions().HasExtension(options_pb2.fact)]


def fact_type(field: FieldDescriptor) -> str:
    """STRING, INT, FLOAT, MONEY, TIME, DATE, ENUM or STRING_LIST."""
    if field.message_type is not None:
        return _MESSAGES[field.message_type.full_name]
    if field.enum_type is not None:
        return "ENUM"
    if field.cpp_type == FieldDescriptor.CPPTYPE_STRING:
        return "STRING_LIST" if field.is_repeated else "STRING"
    return "FLOAT" if field.cpp_type == FieldDescriptor.CPPTYPE_DOUBLE else "INT"


def definitions(comments: Mapping[str, str]) -> Iterator[facts_pb2.FactDefinition]:
    """Every fact, from the contract; `comments` are those of its descriptors, by full name."""
    for field in fact_fields():
        yield facts_pb2.FactDefinition(
            fact=field.name,
            type=fact_type(field),
            unit=field.GetOptions().Extensions[options_pb2.fact].unit,
            meaning=comments.get(field.full_name, ""),
            values=_values(field.enum_type) if field.enum_type else (),
        )


def to_message(row: AnyRow, currency: str) -> facts_pb2.CustomerFacts:
    """The facts of a row, amounts in the base currency."""
    values: dict[str, Any] = {}
    for name, convert in _PLAN:
        value = getattr(row, name)
        if value is not None:
            values[name] = value if convert is None else convert(value)
    for name, column in _AMOUNTS:
        value = getattr(row, column)
        if value is not None:
            values[name] = to_money(value, currency)
    period = same_period(row.as_of)
    if period is not None:
        values["same_period_start"], values["same_period_end"] = map(to_date, period)
    return facts_pb2.CustomerFacts(
        name=f"{row.customer}/facts",
        as_of=to_date(row.as_of),
        same_period_large=is_large(row.same_period_ratio),
        **values,
    )


def to_money(minor: int, currency: str) -> Money:
    """An amount as a message."""
    return Money(**money.parts(minor, currency))


def _values(enum: EnumDescriptor) -> list[str]:
    return [value.name for value in enum.values if value.number]


_CONVERSIONS: Final[Mapping[str, Callable[[Any], Any]]] = {"TIME": to_timestamp, "DATE": to_date}
_PLAN: Final = tuple(
    (field.name, _CONVERSIONS.get(fact_type(field)))
    for field in fact_fields()
    if fact_type(field) != "MONEY"
)
_AMOUNTS: Final = tuple(
    (field.name, f"{field.name}{_MINOR}") for field in fact_fields() if fact_type(field) == "MONEY"
)
