"""Whatever is in a `google.protobuf.Any`, the reply around it is answered as JSON."""

import json
from base64 import b64encode
from typing import Any

import pytest
from google.protobuf import any_pb2, struct_pb2

from tests.support import probes


def test_a_known_type_is_written_by_its_fields() -> None:
    inner = probes.message("Probe")(plain_text="a")
    packed = any_pb2.Any()
    packed.Pack(inner)
    assert _written(packed) == {"@type": packed.type_url, "plainText": "a"}


def test_a_type_of_the_library_has_the_form_it_has_everywhere() -> None:
    packed = any_pb2.Any()
    packed.Pack(struct_pb2.Value(string_value="a"))
    assert _written(packed) == {"@type": packed.type_url, "value": "a"}


@pytest.mark.parametrize(
    ("type_url", "value"),
    [
        ("type.googleapis.com/newer.Type", b"\x01\xff"),
        ("type.googleapis.com/guanxi.customer.test.v1.Probe", b"\xff\xff"),
        ('x/"a{b}"', b""),
        ("nothing", b"x"),
    ],
)
def test_what_can_not_be_read_keeps_its_type_and_bytes(type_url: str, value: bytes) -> None:
    packed = any_pb2.Any(type_url=type_url, value=value)
    assert _written(packed) == {"@type": type_url, "value": b64encode(value).decode()}


def test_inside_of_what_is_known_too() -> None:
    unknown = any_pb2.Any(type_url="x/newer.Type", value=b"a")
    packed = any_pb2.Any()
    packed.Pack(probes.message("Probe")(plain_text="a", details=[unknown]))
    assert _written(packed) == {
        "@type": packed.type_url,
        "plainText": "a",
        "details": [{"@type": "x/newer.Type", "value": "YQ=="}],
    }


def test_at_every_place_of_a_message() -> None:
    probe = probes.message("Probe")
    unknown = any_pb2.Any(type_url="x/newer.Type", value=b"a")
    holder = probe(detail=unknown)
    reply = probe(details=[unknown] * 2, inner=holder, parts=[holder], through=holder)
    reply.named["k"].CopyFrom(holder)
    text = probes.response_codec("Probe").decode(reply.SerializeToString())[0]
    written = {"@type": "x/newer.Type", "value": "YQ=="}
    assert json.loads(text) == {
        "details": [written] * 2,
        "inner": {"detail": written},
        "parts": [{"detail": written}],
        "through": {"detail": written},
        "named": {"k": {"detail": written}},
    }


@pytest.mark.parametrize(("deep", "read"), [(16, True), (17, False)])
def test_sixteen_packed_in_each_other_are_written_by_their_fields(deep: int, read: bool) -> None:
    innermost = probes.message("Probe")(plain_text="a")
    packed = any_pb2.Any(type_url="x/guanxi.customer.test.v1.Probe")
    packed.value = innermost.SerializeToString()
    for _ in range(deep - 1):
        packed = any_pb2.Any(type_url="x/google.protobuf.Any", value=packed.SerializeToString())
    written = _written(packed)
    for _ in range(deep - 1):
        assert written["@type"] == "x/google.protobuf.Any"
        written = written["value"]
    fields = {"plainText": "a"}
    bytes_kept = {"value": b64encode(innermost.SerializeToString()).decode()}
    assert written == {
        "@type": "x/guanxi.customer.test.v1.Probe",
        **(fields if read else bytes_kept),
    }


def test_packed_in_each_other_without_end_they_have_an_end() -> None:
    packed = any_pb2.Any()
    for _ in range(5_000):
        packed = any_pb2.Any(type_url="x/google.protobuf.Any", value=packed.SerializeToString())
    assert _written(packed)["@type"].endswith("google.protobuf.Any")


def _written(packed: any_pb2.Any) -> Any:
    reply = probes.message("Probe")(detail=packed)
    return json.loads(probes.response_codec("Probe").decode(reply.SerializeToString())[0])["detail"]
