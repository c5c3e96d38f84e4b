"""Bodies that mean harm, or nothing: refused by name, at once, and never read twice over."""

from __future__ import annotations

import math
from typing import Any

import pytest

from gateway.transcode.bodies import MAX_DEPTH
from gateway.transcode.tokens import VALUE_BYTES
from services.chassis.errors import DomainError, Kind
from tests.support.probes import message, request_codec

ORDER = {"order": {"customer": "customers/a", "lines": [{"quantity": "1"}]}}
DETAIL = "type.googleapis.com/guanxi.customer.test.v1.Probe"


def read(body: str | bytes) -> Any:
    text = body.encode() if isinstance(body, str) else body
    return message("Probe").FromString(request_codec("Echo").encode((), "", text))


def refused(body: str | bytes) -> tuple[str, str]:
    with pytest.raises(DomainError) as caught:
        read(body)
    assert caught.value.kind is Kind.INVALID_ARGUMENT
    return caught.value.violations[0].field, caught.value.reason


class TestDepth:
    @pytest.mark.parametrize(
        ("body", "field"),
        [
            ('{"texts": ' + "[" * 20_000, "texts[0]"),
            ('{"labels": ' + '{"a":' * 20_000, "labels.a"),
            ('{"plainText": ' + "[" * 100_000, "plainText"),
            ('{"probeTime": ' + '{"a":' * 100_000, "probeTime"),
        ],
    )
    def test_what_no_message_has_is_refused_where_it_begins(self, body: str, field: str) -> None:
        assert refused(body) == (field, "INVALID_VALUE")

    @pytest.mark.parametrize(
        "opener", ['{"inner":', '{"attributes":{"a":', '{"attributes":{"a":[', '{"detail":{"a":']
    )
    def test_what_may_hold_itself_has_an_end(self, opener: str) -> None:
        repeated = opener.partition(":")[2] or opener
        body = opener + repeated * 20_000
        assert refused(body)[1] == "NESTED_TOO_DEEP"

    def test_the_deepest_that_is_allowed_is_read_and_can_be_read_by_a_service(self) -> None:
        levels = MAX_DEPTH - 1
        inner = '{"inner":' * levels + "{}" + "}" * levels
        assert read(inner).HasField("inner")
        free = '{"attributes":' + '{"a":' * levels + "1" + "}" * levels + "}"
        assert read(free).HasField("attributes")
        assert refused('{"inner":' + inner + "}")[1] == "NESTED_TOO_DEEP"
        assert refused(free.replace("1", '{"a":1}'))[1] == "NESTED_TOO_DEEP"

    def test_brackets_in_texts_are_no_depth(self) -> None:
        assert read('{"plainText": "' + '[{\\"' * 5_000 + '"}').plain_text.startswith('[{"[{"')


class TestTwice:
    @pytest.mark.parametrize(
        ("body", "field"),
        [
            ('{"plainText":"a","plainText":"a"}', "plainText"),
            ('{"plainText":"a","plain_text":"a"}', "plain_text"),
            ('{"plainText":"a","plain\\u0054ext":"a"}', "plain\\u0054ext"),
            ('{"inner":{"plainText":"a","plain_text":"b"}}', "inner.plain_text"),
            ('{"parts":[{},{"color":1,"color":"RED"}]}', "parts[1].color"),
            ('{"labels":{"a":"b","c":"d","\\u0061":"e"}}', "labels.\\u0061"),
            ('{"named":{"x":{"data":"","data":""}}}', "named.x.data"),
            ('{"attributes":{"a":{"b":1,"b":2}}}', "attributes.a.b"),
            ('{"texts":null,"texts":[]}', "texts"),
            (f'{{"detail":{{"@type":"{DETAIL}","color":1,"color":1}}}}', "detail.color"),
            (f'{{"detail":{{"@type":"{DETAIL}","smallNumber":1,"small_number":1}}}}', ""),
            ('{"mailAddress":"a","phoneNumber":"b"}', "phoneNumber"),
            ('{"through":{},"mail_address":""}', "mail_address"),
            ('{"inner":{"mailAddress":"a","through":{}}}', "inner.through"),
        ],
    )
    def test_what_is_given_twice_is_refused_by_name(self, body: str, field: str) -> None:
        assert refused(body) == (field or "detail.small_number", "DUPLICATE_FIELD")

    def test_a_member_of_a_choice_that_is_null_is_not_given(self) -> None:
        assert read('{"mailAddress":null,"phoneNumber":"1"}').phone_number == "1"

    def test_keys_of_a_map_are_told_apart_by_spelling(self) -> None:
        assert len(read('{"labels":{"a_b":"1","aB":"2"}}').labels) == 2


class TestValues:
    @pytest.mark.parametrize(
        ("body", "field"),
        [
            ('{"color": 99999999999}', "color"),
            ('{"color": -2147483649}', "color"),
            ('{"color": 1.5}', "color"),
            ('{"color": 1e400}', "color"),
            ('{"colors": ["RED", 2147483648]}', "colors[1]"),
            ('{"inner": {"color": "PURPLE"}}', "inner.color"),
            ('{"smallNumber": 2147483648}', "smallNumber"),
            ('{"smallNumber": 1e400}', "smallNumber"),
            ('{"smallNumber": 1.5}', "smallNumber"),
            ('{"real": 1e400}', "real"),
            ('{"real": -1e400}', "real"),
            ('{"real": NaN}', "real"),
            ('{"real": -Infinity}', "real"),
            ('{"parts": [{}, {"real": Infinity}]}', "parts[1].real"),
            ('{"real": 0.' + "1" * 400 + "}", "real"),
            ('{"plainText": "\\ud800"}', "plainText"),
            ('{"plainText": "\\udc00\\ud800"}', "plainText"),
            ('{"labels": {"a": "b\\ud800"}}', "labels.a"),
            ('{"attributes": {"a": "\\ud800"}}', "attributes.a"),
            ('{"data": "%"}', "data"),
            ('{"probeTime": "2024-02-30T00:00:00Z"}', "probeTime"),
            ('{"texts": ["a", null]}', "texts[1]"),
            ('{"parts": [null]}', "parts[0]"),
            ('{"parts": {}}', "parts"),
            ('{"labels": []}', "labels"),
            ('{"inner": "x"}', "inner"),
            ('{"detail": 1}', "detail"),
            ('{"detail": {"@type": "x/unknown.Type"}}', "detail"),
            ('{"attributes": []}', "attributes"),
        ],
    )
    def test_a_wrong_value_is_refused_by_name(self, body: str, field: str) -> None:
        assert refused(body) == (field, "INVALID_VALUE")

    @pytest.mark.parametrize(
        ("body", "why"),
        [
            ('{"plainText": true}', "plainText: must be text, not true"),
            ('{"plainText": 1e400}', "plainText: must be text, not one that is too large"),
            ('{"plainText": {}}', "plainText: must be text, not an object"),
            ('{"texts": ["a", "b", "c", 1.5, "d"]}', "texts[3]: must be text, not 1.5"),
            ('{"labels": {"a": "b", "c": false}}', "labels.c: must be text, not false"),
            ('{"labels": []}', "labels: must be an object, not a list"),
            ('{"parts": {}}', "parts: must be a list, not an object"),
            ('{"parts": [{}, null]}', "parts[1]: must be an object, not null"),
            ('{"inner": "x"}', 'inner: must be an object, not the text "x"'),
            ('{"named": {"x": {"real": true}}}', "named.x.real: must be a number, not true"),
            ('{"real": 1e400}', "real: must be a number, not one that is too large"),
            (
                '{"smallNumber": 1e400}',
                "smallNumber: must be a whole number from -2147483648 to 2147483647, "
                "not one that is too large",
            ),
            ('{"inner": {"color": "PURPLE"}}', 'inner.color: must be one of RED, not the text "PU'),
            ('{"colors": ["RED", 99999999999]}', "colors[1]: must be one of RED, not 99999999999"),
            ('{"data": "%"}', 'data: must be text of base64, not the text "%"'),
            ('{"data": 7}', "data: must be text of base64, not 7"),
            (
                '{"probeTime": "soon"}',
                "probeTime: must be a time with its offset such as 2024-02-29T08:30:00Z, "
                'not the text "soon"',
            ),
            ('{"attributes": 3}', "attributes: must be an object, not 3"),
            (
                '{"detail": {"@type": "x/unknown.Type"}}',
                "detail: must be an object with the @type of a message that is known",
            ),
            ('{"smallNumber": "' + "x" * 90 + '"}', "x" * 60 + "…"),
            (b'{"plainText": "a\xff"}', "plainText: is not valid UTF-8"),
            (b'{"texts": ["a", "\xed\xa0\x80"]}', "texts[1]: is not valid UTF-8"),
            (b'{"labels": {"\xff": "a"}}', "labels: is not valid UTF-8"),
        ],
    )
    def test_what_is_wrong_is_said_in_a_sentence(self, body: str | bytes, why: str) -> None:
        with pytest.raises(DomainError) as caught:
            read(body)
        assert why in caught.value.message

    @pytest.mark.parametrize("text", ["1_0", "+1", "１", "٣", " 1", "1 ", "007", "0x1", "", "inf"])
    @pytest.mark.parametrize(
        "body",
        [
            '{"smallNumber": "#"}',
            '{"smallNumber" : "#" , "color": 1}',
            '{"real": "#"}',
            '{"largeNumbers": [1, "#"]}',
            '{"parts": [{"smallNumber": "#"}]}',
            '{"numbered": {"#": "a"}}',
        ],
    )
    def test_a_number_in_quotes_is_written_as_one_without(self, body: str, text: str) -> None:
        assert refused(body.replace("#", text))[1] == "INVALID_VALUE"

    def test_a_choice_may_be_any_number_of_32_bits(self) -> None:
        probe = read('{"colors": [-2147483648, -1, 0, 2147483647]}')
        assert list(probe.colors) == [-(2**31), -1, 0, 2**31 - 1]

    def test_numbers_are_read_with_and_without_quotes(self) -> None:
        probe = read(
            '{"smallNumber": "-7", "real": "1.5e2", "numbered": {"-1": "a"},'
            '"largeNumbers": ["18446744073709551615", "0", 1.0, "2.0"], "inner": {"real": "NaN"},'
            '"parts": [{"smallNumber": "\\u0031"}, {"real": "-Infinity"}]}'
        )
        assert (probe.small_number, probe.real) == (-7, 150)
        assert list(probe.large_numbers) == [2**64 - 1, 0, 1, 2]
        assert dict(probe.numbered) == {-1: "a"}
        assert math.isnan(probe.inner.real)
        assert [each.small_number for each in probe.parts] == [1, 0]
        assert probe.parts[1].real == -math.inf

    def test_what_fits_beside_a_mistake_is_not_blamed_for_it(self) -> None:
        known = f'"detail": {{"@type": "{DETAIL}", "plainText": "a"}}'
        assert refused(f'{{{known}, "plainText": 3}}') == ("plainText", "INVALID_VALUE")

    def test_a_pair_of_surrogates_is_one_character(self) -> None:
        assert read('{"plainText": "\\ud83d\\ude00 \\u00e4"}').plain_text == "😀 ä"

    def test_an_any_is_read_by_its_type(self) -> None:
        probe = message("Probe")()
        body = f'{{"details":[{{"@type":"{DETAIL}","plainText":"a"}}, {{}}]}}'
        assert read(body).details[0].Unpack(probe)
        assert probe.plain_text == "a"
        wrong = f'{{"detail":{{"@type":"{DETAIL}","plainTexts":"a"}}}}'
        assert refused(wrong) == ("detail.plainTexts", "UNKNOWN_FIELD")

    @pytest.mark.parametrize(
        "body",
        [
            '{"plainText": "a"',
            '{"plainText": "a",}',
            '{"plainText": "a" "color": 1}',
            '{"plainText": a}',
            '{"plainText": "a\\x"}',
            '{"plainText": "a\nb"}',
            "{'plainText': 1}",
            '{"smallNumber": 01}',
            '{"smallNumber": +1}',
            '{"texts": ["a" "b"]}',
            '{"texts": ["a"}',
            '{"texts": [,]}',
            '{"labels": {"a": "b"]}',
            '{"labels": {,}}',
            '{"plainText": tru}',
            "{} {}",
            "{}x",
            b'\xef\xbb\xbf{"plainText": "a"}',
            b'{"plainText\x00": 1}',
        ],
    )
    def test_what_is_no_json_is_malformed(self, body: str | bytes) -> None:
        assert refused(body)[1] == "MALFORMED_BODY"


class TestCounts:
    @pytest.mark.parametrize(
        ("body", "field"),
        [
            ('{"parts": [{}, {}, {}, 1', "parts"),
            ('{"inner": {"texts": ["", "", "", "", "", 1', "inner.texts"),
            ('{"labels": {"a":"","b":"","c":"", 1', "labels"),
            ('{"parts": [' + "{}," * 100_000 + "x", "parts"),
        ],
    )
    def test_more_items_than_the_contract_allows_are_not_read(self, body: str, field: str) -> None:
        assert refused(body) == (field, "VALIDATION_FAILED")

    def test_a_value_of_no_declared_shape_has_its_own_end(self) -> None:
        assert refused('{"attributes": {"a": [' + "0," * 20_000 + "0]}}")[1] == "INVALID_VALUE"

    @pytest.mark.parametrize(
        "value",
        ['"' + "x" * VALUE_BYTES + '"', '"' + "\\n" * VALUE_BYTES + '"', " " * VALUE_BYTES + "1"],
    )
    def test_a_value_larger_than_others_can_wait_for_is_refused(self, value: str) -> None:
        assert refused('{"plainText": ' + value + ', "color": 1}') == (
            "plainText",
            "INVALID_VALUE",
        )
