"""What a custom field takes, how it is kept, and what is refused."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.chassis.errors import DomainError
from services.chassis.fields.column import FieldValues
from services.chassis.fields.declarations import (
    Declaration,
    FieldType,
    FieldValue,
    Given,
    Option,
    filled,
)
from services.chassis.fields.messages import given_value, value_message

OPTIONS = (Option("gold"), Option("silver"), Option("old", archived=True))
DECLARED = {
    each.key: each
    for each in (
        Declaration("motto", FieldType.TEXT),
        Declaration("seats", FieldType.NUMBER, decimals=2),
        Declaration("budget", FieldType.MONEY, currency_code="JPY"),
        Declaration("founded", FieldType.DATE),
        Declaration("tier", FieldType.CHOICE, options=OPTIONS),
        Declaration("badges", FieldType.CHOICES, options=OPTIONS),
        Declaration("agent", FieldType.REFERENCE, refers_to="users"),
        Declaration("vip", FieldType.FLAG),
    )
}


@pytest.mark.parametrize(
    ("key", "value", "kept"),
    [
        ("motto", "Onward", ("Onward", None)),
        ("seats", "12.5", (1250, 2)),
        ("seats", "-0.05", (-5, 2)),
        ("seats", "3.100", (310, 2)),
        ("budget", ("JPY", 900, 0), (900, "JPY")),
        ("founded", date(1998, 2, 28), ("1998-02-28", None)),
        ("tier", "gold", ("gold", None)),
        ("badges", ("silver", "gold", "silver"), (("gold", "silver"), None)),
        ("agent", "users/kim", ("users/kim", None)),
        ("vip", False, (False, None)),
    ],
)
def test_a_value_is_kept_exactly_and_says_what_it_is(
    key: str, value: Any, kept: tuple[Any, Any]
) -> None:
    declared = DECLARED[key]
    assert declared.kept(Given(declared.type, value), key) == FieldValue(declared.type, *kept)


@pytest.mark.parametrize(
    ("key", "value", "reason"),
    [
        ("seats", "1.234", "CUSTOM_FIELD_VALUE"),
        ("seats", "many", "CUSTOM_FIELD_VALUE"),
        ("seats", "1" + 15 * "0", "CUSTOM_FIELD_VALUE"),
        ("budget", ("USD", 1, 0), "CUSTOM_FIELD_VALUE"),
        ("budget", ("JPY", 2 * 10**15, 0), "CUSTOM_FIELD_VALUE"),
        ("budget", ("JPY", 0, 500_000_000), "AMOUNT_TOO_PRECISE"),
        ("tier", "bronze", "CUSTOM_FIELD_VALUE"),
        ("tier", "old", "CUSTOM_FIELD_VALUE"),
        ("badges", ("gold", "bronze"), "CUSTOM_FIELD_VALUE"),
        ("agent", "teams/north", "CUSTOM_FIELD_VALUE"),
    ],
)
def test_what_can_not_be_in_a_field_is_refused_by_its_name(
    key: str, value: Any, reason: str
) -> None:
    declared = DECLARED[key]
    with pytest.raises(DomainError) as refused:
        declared.kept(Given(declared.type, value), f"custom_fields.{key}")
    assert refused.value.reason == reason
    assert refused.value.violations[0].field == f"custom_fields.{key}"


def test_a_value_of_another_type_is_refused() -> None:
    with pytest.raises(DomainError) as refused:
        DECLARED["vip"].kept(Given(FieldType.TEXT, "yes"), "custom_fields.vip")
    assert refused.value.reason == "CUSTOM_FIELD_TYPE"


def test_what_is_not_declared_is_refused_with_what_may_have_been_meant() -> None:
    with pytest.raises(DomainError) as refused:
        filled(DECLARED, {}, {"moto": Given(FieldType.TEXT, "x")}, new=False)
    assert refused.value.reason == "CUSTOM_FIELD_UNKNOWN"
    assert "did you mean motto?" in refused.value.message


def test_what_is_named_changes_and_the_rest_stays() -> None:
    before = {
        "motto": FieldValue(FieldType.TEXT, "Onward"),
        "vip": FieldValue(FieldType.FLAG, True),
    }
    given = {"motto": None, "tier": Given(FieldType.CHOICE, "gold")}
    after = filled(DECLARED, before, given, new=False)
    assert after == {"vip": before["vip"], "tier": FieldValue(FieldType.CHOICE, "gold")}


def test_a_value_that_can_not_be_chosen_any_more_stays_until_it_is_changed() -> None:
    before = {"tier": FieldValue(FieldType.CHOICE, "old")}
    assert filled(DECLARED, before, {"vip": None}, new=False) == before


def test_a_new_record_has_the_defaults_and_one_that_is_there_does_not() -> None:
    default = FieldValue(FieldType.FLAG, True)
    declared = {"vip": Declaration("vip", FieldType.FLAG, default_value=default)}
    assert filled(declared, {}, {}, new=True) == {"vip": default}
    assert filled(declared, {}, {}, new=False) == {}


def test_a_required_field_is_asked_for_where_fields_are_written() -> None:
    declared = {**DECLARED, "must": Declaration("must", FieldType.TEXT, required=True)}
    assert filled(declared, {}, {}, new=False) == {}
    cases: list[tuple[dict[str, Given | None], bool]] = [({}, True), ({"vip": None}, False)]
    for written, new in cases:
        with pytest.raises(DomainError) as refused:
            filled(declared, {}, written, new=new)
        assert refused.value.reason == "CUSTOM_FIELD_REQUIRED"
        assert refused.value.violations[0].field == "custom_fields.must"


numbers = st.decimals(
    min_value=-(10**12), max_value=10**12, places=2, allow_nan=False, allow_infinity=False
).map(lambda number: ("seats", f"{number:f}"))
others = st.one_of(
    st.text(min_size=1, max_size=50).map(lambda text: ("motto", text)),
    st.integers(-(10**15), 10**15).map(lambda units: ("budget", ("JPY", units, 0))),
    st.dates().map(lambda day: ("founded", day)),
    st.lists(st.sampled_from(["gold", "silver"]), min_size=1).map(lambda v: ("badges", tuple(v))),
    st.booleans().map(lambda flag: ("vip", flag)),
)


@given(written=st.one_of(numbers, others))
def test_whatever_is_written_comes_back_from_the_database_and_the_wire(
    written: tuple[str, Any],
) -> None:
    key, value = written
    declared = DECLARED[key]
    kept = declared.kept(Given(declared.type, value), key)
    store, load = (
        FieldValues().bind_processor(None),  # type: ignore[arg-type] # no dialect is asked
        FieldValues().result_processor(None, None),  # type: ignore[arg-type] # nor here
    )
    assert load(store({key: kept})) == {key: kept}
    again = given_value(value_message(kept), key)
    assert again is not None
    assert declared.kept(again, key) == kept
