"""A body that is no JSON, or no object: where it goes wrong is told, by field and byte."""

from __future__ import annotations

import pytest

from services.chassis.errors import DomainError
from tests.support.probes import request_codec

WHAT = "the body must be one JSON object: "
LONG = '{"plainText":"%s",' % ("x" * 70_000)


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (" []", "it does not start with '{'"),
        ('{"plainText": "a" "color": 1}', "unexpected text at byte 18"),
        ('{"plainText": a}', "unexpected text in `plainText` at byte 14"),
        ('{"inner": {"texts": ["a" "b"]}}', "unexpected text in `inner.texts[0]` at byte 25"),
        ('{"inner": {"parts": [{}, {"color" 1}]}}', "text in `inner.parts[1]` at byte 26"),
        ('{"labels": {"a": "b"]}', "unexpected text in `labels.a` at byte 20"),
        ('{"plainText": "a",}', "unexpected text at byte 18"),
        ('{"texts": [,]}', "unexpected text in `texts[0]` at byte 11"),
        ('{"attributes": {"a": [1 2]}}', "unexpected text in `attributes.a[0]` at byte 24"),
        ('{"smallNumber": 01}', "unexpected text at byte 17"),
        ("{", "it ends before it is complete"),
        ('{"plainText": "a" \n', "it ends before it is complete"),
        ('{"inner": ', "it ends in `inner` before it is complete"),
        ('{"inner": {"texts": ["a", ', "it ends in `inner.texts[1]` before it is complete"),
        ("{} {}", "there is more behind its end, at byte 3"),
        ("{}x", "there is more behind its end, at byte 2"),
        (LONG + '"color": 1} x', f"there is more behind its end, at byte {len(LONG) + 12}"),
        (LONG + '"color" 1}', f"unexpected text at byte {len(LONG)}"),
        (LONG + '"color": 1', "it ends before it is complete"),
        (LONG + '"parts": [{}, ', "it ends in `parts[1]` before it is complete"),
        (LONG + '"parts": [{} {}]}', f"unexpected text in `parts[0]` at byte {len(LONG) + 13}"),
    ],
)
def test_where_a_body_goes_wrong_is_told(body: str, told: str) -> None:
    codec = request_codec("Echo")
    with pytest.raises(DomainError) as caught:
        codec.encode((), "", body.encode())
    assert caught.value.reason == "MALFORMED_BODY"
    assert caught.value.message.startswith(WHAT)
    assert told in caught.value.message
    assert [each.field for each in caught.value.violations] == ["body"]
