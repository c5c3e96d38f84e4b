"""What a refusal says a value must be, and what of a wrong one it shows."""

from __future__ import annotations

from typing import Any

import pytest
from protobuf import ScalarType

from gateway.transcode.words import came, must_be


@pytest.mark.parametrize(
    ("kinds", "least", "most"),
    [
        ("INT32 SINT32 SFIXED32", "-2147483648", "2147483647"),
        ("INT64 SINT64 SFIXED64", "-9223372036854775808", "9223372036854775807"),
        ("UINT32 FIXED32", "0", "4294967295"),
        ("UINT64 FIXED64", "0", "18446744073709551615"),
    ],
)
def test_a_whole_number_is_told_by_the_bounds_of_its_type(
    kinds: str, least: str, most: str
) -> None:
    for kind in kinds.split():
        assert must_be(ScalarType[kind]) == f"a whole number from {least} to {most}"


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("x" * 60, f'the text "{"x" * 60}"'),
        ("x" * 61, f'the text "{"x" * 60}…"'),
        (10**59, "1" + "0" * 59),
        (10**60, "a number of 61 digits"),
        (float("-inf"), "one that is too large"),
        (True, "true"),
        (None, "null"),
        ([1], "a list"),
        ({}, "an object"),
    ],
)
def test_what_came_is_shown_up_to_sixty_characters(value: Any, shown: str) -> None:
    assert came(value) == shown
