"""The columns in which values of custom fields are kept: a record's in one JSON object, by key."""

from collections.abc import Callable, Mapping
from typing import Any

from pydantic_core import from_json
from sqlalchemy import Dialect, Text, TypeDecorator

from services.chassis.fields.declarations import FieldType, FieldValue
from services.chassis.store.columns import json_text

__all__ = ["FieldValues", "SingleValue"]

_NONE = "{}"


class FieldValues(TypeDecorator[Mapping[str, FieldValue]]):
    """Values by their fields' keys: `{"tier": ["CHOICE", "gold", null]}`. How one of them is read
    in SQL is `sql.Held`."""

    impl = Text
    cache_ok = True

    def bind_processor(self, dialect: Dialect) -> Callable[[Any], str | None]:
        return json_text

    def result_processor(
        self, dialect: Dialect, coltype: object
    ) -> Callable[[str | None], Mapping[str, FieldValue] | None]:
        return _values


class SingleValue(TypeDecorator[FieldValue]):
    """One value, for a declaration's default."""

    impl = Text
    cache_ok = True

    def bind_processor(self, dialect: Dialect) -> Callable[[Any], str | None]:
        return json_text

    def result_processor(
        self, dialect: Dialect, coltype: object
    ) -> Callable[[str | None], FieldValue | None]:
        return lambda text: None if text is None else _value(*from_json(text))


def _values(text: str | None) -> Mapping[str, FieldValue] | None:
    if text is None or text == _NONE:  # as most are
        return None if text is None else {}
    return {key: _value(*parts) for key, parts in from_json(text).items()}


def _value(type: str, value: Any, unit: int | str | None) -> FieldValue:
    kept = tuple(value) if isinstance(value, list) else value
    return FieldValue(FieldType(type), kept, unit)
