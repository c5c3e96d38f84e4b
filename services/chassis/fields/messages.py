"""Values of custom fields ↔ `guanxi.fields.v1.FieldValue`."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any, Final

from google.type.money_pb2 import Money
from guanxi.fields.v1 import values_pb2

from services.chassis import money
from services.chassis.dates import from_date, to_date
from services.chassis.fields.declarations import FieldType, FieldValue, Given

__all__ = ["given_fields", "given_value", "value_message", "value_messages"]

_TYPES: Final = {each.value.lower(): each for each in FieldType}


def given_fields(
    messages: Mapping[str, values_pb2.FieldValue], field: str = "custom_fields"
) -> dict[str, Given | None]:
    """What a caller gives, by key; None for what is to be taken away. Raises as `given_value`."""
    return {key: given_value(each, f"{field}.{key}") for key, each in messages.items()}


def given_value(message: values_pb2.FieldValue, field: str) -> Given | None:
    """Raises INVALID_ARGUMENT, DATE_INVALID beneath `field`."""
    kind = message.WhichOneof("value")
    if kind is None:
        return None
    value: Any = getattr(message, kind)
    match kind:
        case "money":
            value = (value.currency_code, value.units, value.nanos)
        case "date":
            value = from_date(value, field=f"{field}.date")
        case "choices":
            value = tuple(value.values)
    return Given(_TYPES[kind], value)


def value_messages(values: Mapping[str, FieldValue]) -> dict[str, values_pb2.FieldValue]:
    """What a record has in its custom fields, as callers see it."""
    return {key: value_message(each) for key, each in values.items()}


def _decimal_text(value: int, decimals: int) -> str:
    return f"{Decimal(value).scaleb(-decimals):f}"


def value_message(kept: FieldValue) -> values_pb2.FieldValue:
    """A value as callers see it."""
    value = kept.value
    match kept.type:
        case FieldType.NUMBER:
            return values_pb2.FieldValue(number=_decimal_text(value, int(kept.unit or 0)))
        case FieldType.MONEY:
            return values_pb2.FieldValue(money=Money(**money.parts(value, str(kept.unit))))
        case FieldType.DATE:
            return values_pb2.FieldValue(date=to_date(date.fromisoformat(value)))
        case FieldType.CHOICES:
            return values_pb2.FieldValue(choices=values_pb2.Choices(values=value))
        case _:
            return values_pb2.FieldValue(**{kept.type.lower(): value})
