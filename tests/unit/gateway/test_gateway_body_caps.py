"""The caps of what a request says, as the page of the API states them: what just fits is read, and
one more is refused by name."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from gateway.transcode import bodies, response
from gateway.transcode.query import QueryFields, parameters_of
from gateway.transcode.refusals import method_not_allowed, path_not_found
from gateway.transcode.values import JsonValue
from services.chassis.errors import DomainError
from tests.support.probes import message, probe_message, request_codec

PAGE = (Path(__file__).parents[3] / "docs/api.md").read_text("utf-8")
MIB = 1_048_576


def read(body: str) -> Any:
    return message("Probe").FromString(request_codec("Echo").encode((), "", body.encode()))


def refused(body: str) -> str:
    with pytest.raises(DomainError) as caught:
        read(body)
    return caught.value.message


def test_the_depth_of_a_body_and_the_length_of_a_turn_are_those_of_the_page() -> None:
    assert f"objects and lists {bodies.MAX_DEPTH} levels deep" in PAGE
    read_kib, written_kib = bodies.PIECE_BYTES / 1024, response.PIECE_BYTES / 1024
    assert f"are read and written {read_kib:.12g} and {written_kib:.12g} KiB at a time" in PAGE


DETAIL = '"@type":"type.googleapis.com/guanxi.customer.test.v1.Probe",'


def _nested(outer: str, inner: str, levels: int) -> str:
    """A body of so many levels of objects and lists."""
    opened = outer + inner * (levels - outer.count("{") - outer.count("["))
    brackets = (each for each in reversed(opened) if each in "{[")
    return opened + "".join("}" if each == "{" else "]" for each in brackets)


@pytest.mark.parametrize(
    "beside", ["", '"plainText":"%s",' % ("x" * 70_000)], ids=["short", "long"]
)
@pytest.mark.parametrize(
    ("outer", "inner"),
    [
        ("{#", '"inner":{'),
        ('{#"parts":[{', '"inner":{'),
        ('{#"inner":{"parts":[{"parts":[{', '"inner":{'),
        ('{#"named":{"a":{', '"inner":{'),
        ('{#"inner":{"named":{"a":{', '"inner":{'),
        ('{#"detail":{' + DETAIL, '"inner":{'),
        ('{#"details":[{' + DETAIL, '"inner":{'),
        ('{#"attributes":{', '"a":{'),
        ('{#"attributes":{"a":[[{', '"a":{'),
    ],
)
def test_thirty_two_levels_are_read_and_no_more(outer: str, inner: str, beside: str) -> None:
    read(_nested(outer, inner, 32).replace("#", beside))
    said = refused(_nested(outer, inner, 33).replace("#", beside))
    assert said.endswith("is nested deeper than 32 levels")


def test_ten_thousand_values_without_a_contract_are_read_and_no_more() -> None:
    assert "(`google.protobuf.Struct`) 10,000 values" in PAGE
    # The struct and its list are two of them.
    of_items = '{"attributes": {"a": [0%s]}}'
    assert len(read(of_items % (",0" * 9_997)).attributes["a"]) == 9_998
    said = "holds more than 10000 values"
    assert refused(of_items % (",0" * 9_998)) == f"attributes.a[9998]: {said}"


def test_a_number_of_400_digits_is_read_and_no_longer_one() -> None:
    assert "a number 400 digits" in PAGE
    assert read('{"real": 0.%s}' % ("1" * 398)).real == pytest.approx(1 / 9)
    assert refused('{"real": 0.%s}' % ("1" * 399)) == "real: has more than 400 digits"


def _member_of(size: int) -> str:
    """A body with a first member of so many bytes, with its key."""
    return '{"plainText":"%s","color":1}' % ("x" * (size - len('"plainText":""')))


def test_a_value_of_one_mebibyte_is_read_and_no_larger_one() -> None:
    assert "one value of the outermost object, or one item of a list in it, 1 MiB" in PAGE
    assert read(_member_of(MIB)).color == 1
    assert refused(_member_of(MIB + 1)) == f"plainText: is larger than {MIB} bytes"


def test_an_item_of_one_mebibyte_is_read_and_no_larger_one() -> None:
    of_items = '{"texts":["a","%s","b"]}'
    assert len(read(of_items % ("x" * (MIB - len('"",')))).texts) == 3
    assert refused(of_items % ("x" * (MIB - len('"",') + 1))).startswith("texts[1]: is larger")


def test_a_query_names_fields_up_to_four_levels_deep() -> None:
    fields = QueryFields(parameters_of(probe_message()), {})
    values: dict[str, JsonValue] = {}
    fields.read("inner.inner.inner.plainText=a", values)
    assert values == {"inner": {"inner": {"inner": {"plainText": "a"}}}}
    with pytest.raises(DomainError, match="there is no such field"):
        fields.read("inner.inner.inner.inner.plainText=a", values)


def test_of_a_long_path_method_and_key_the_beginning_is_shown() -> None:
    assert path_not_found("/" + "p" * 300).metadata["path"] == "/" + "p" * 199
    refusal = method_not_allowed("M" * 30, ["GET", "POST"])
    assert refusal.metadata == {"method": "M" * 20, "allowed": "GET, POST"}
    with pytest.raises(DomainError) as caught:
        read('{"%s": 1}' % ("k" * 150))
    assert [each.field for each in caught.value.violations] == ["k" * 100]
    with pytest.raises(DomainError) as caught:
        QueryFields((), {}).read("%ff" + "k" * 150, {})
    assert [each.field for each in caught.value.violations] == ["%ff" + "k" * 97]


def test_of_a_key_that_is_none_all_there_are_are_told_as_json_has_them() -> None:
    fields = (
        "plainText, smallNumber, real, color, colors, texts, parts, inner, labels, named,"
        " mailAddress, phoneNumber, through, attributes, detail, probeTime, data, details,"
        " numbered, largeNumbers"
    )
    assert refused('{"inner": {"qqqqqqqq": 1}}').endswith(f"; fields are {fields}")
