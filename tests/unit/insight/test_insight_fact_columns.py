"""Every fact of the contract has a column and a filter field of its type, and nothing else has."""

from __future__ import annotations

from dataclasses import replace
from enum import IntEnum

import pytest
from google.protobuf.descriptor import FieldDescriptor

from services.chassis.lists.filters.fields import (
    DateType,
    EnumType,
    FloatType,
    ListType,
    NumberType,
    StringType,
    TimeType,
)
from services.insight.facts.messages import fact_fields, fact_type
from services.insight.facts.store import FACTS, fields

TYPES = {
    "STRING": StringType(),
    "INT": NumberType(),
    "FLOAT": FloatType(),
    "MONEY": NumberType(exponent=3),
    "TIME": TimeType(),
    "DATE": DateType(),
    "STRING_LIST": ListType(),
}


def test_facts_and_columns_are_the_same() -> None:
    assert list(FACTS) == [field.name for field in fact_fields()]


@pytest.mark.parametrize("field", fact_fields(), ids=lambda field: field.name)
def test_a_fact_is_filtered_as_its_type(field: FieldDescriptor) -> None:
    declared = fields(3)[field.name]
    if field.enum_type is None:
        kind = declared.type
        # What a text looks like besides: tests/contract/test_filter_forms.py.
        formless = replace(kind, form=None) if isinstance(kind, StringType) else kind
        assert formless == TYPES[fact_type(field)]
        return
    names = {value.name: value.number for value in field.enum_type.values if value.number}
    assert declared.type == EnumType(names)
    values: type[IntEnum] = FACTS[field.name].info["values"]
    assert {each.name: each.value for each in values if each.value} == names


@pytest.mark.parametrize("field", fact_fields(), ids=lambda field: field.name)
def test_a_fact_that_may_be_unknown_has_a_column_that_may_be_empty(field: FieldDescriptor) -> None:
    always_known = not field.has_presence and field.enum_type is None
    if fact_type(field) in ("STRING", "STRING_LIST", "INT", "FLOAT"):
        assert FACTS[field.name].nullable is not always_known
