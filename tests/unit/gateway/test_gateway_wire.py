"""One text field among the bytes of a message, read and written without the message's type."""

from __future__ import annotations

import pytest
from google.protobuf import descriptor_pb2, wrappers_pb2
from hypothesis import given
from hypothesis import strategies as st

from gateway.transcode.wire import as_text, cut, last_text

# Of `google.protobuf.FileOptions`: numbers of one byte and of two.
FIELDS = {"java_package": 1, "go_package": 11, "ruby_package": 45}


@given(name=st.sampled_from(sorted(FIELDS)), text=st.text(max_size=300))
def test_it_is_read_as_the_library_writes_it(name: str, text: str) -> None:
    options = descriptor_pb2.FileOptions(cc_generic_services=True, objc_class_prefix="x" * 200)
    setattr(options, name, text)
    data = options.SerializeToString()
    assert last_text(data, FIELDS[name]) == text.encode()


@given(name=st.sampled_from(sorted(FIELDS)), text=st.text(min_size=1, max_size=300))
def test_written_after_a_message_it_takes_the_place_of_what_was_there(name: str, text: str) -> None:
    options = descriptor_pb2.FileOptions(java_multiple_files=True)
    setattr(options, name, "before")
    data = options.SerializeToString() + as_text(FIELDS[name], text.encode())
    setattr(options, name, text)
    assert descriptor_pb2.FileOptions.FromString(data) == options
    assert last_text(data, FIELDS[name]) == text.encode()


def test_where_it_is_not_set_there_is_nothing() -> None:
    assert last_text(b"", 1) == b""


def test_what_is_no_message_is_refused() -> None:
    with pytest.raises(ValueError, match="past the end"):
        last_text(b"\x0a\x05ab", 1)


def test_fields_of_every_kind_are_cut_where_they_end() -> None:
    fields = [
        wrappers_pb2.DoubleValue(value=1.5),
        wrappers_pb2.FloatValue(value=1.5),
        wrappers_pb2.StringValue(value="a" * 200),
        wrappers_pb2.StringValue(value="b"),
        wrappers_pb2.Int64Value(value=-1),  # ten bytes, as long as a number can be
        wrappers_pb2.Int64Value(value=300),
        wrappers_pb2.BoolValue(value=True),
    ]
    each = [field.SerializeToString() for field in fields]
    whole = b"".join(each)
    assert list(cut(whole, [1], 1)) == [*((1, one) for one in each), (0, b"")]
    assert list(cut(whole, [1], len(whole))) == [(1, whole), (0, b"")]
    assert list(cut(whole, [2], 1)) == [(0, whole)]


def test_a_piece_ends_with_the_field_that_fills_it() -> None:
    one = wrappers_pb2.StringValue(value="a").SerializeToString()
    assert len(one) == 3
    for size, fields in ((3, 1), (4, 2), (6, 2), (7, 3)):
        assert next(cut(one * 5, [1], size)) == (1, one * fields)


@pytest.mark.parametrize(
    "data",
    [
        b"\x08",
        b"\x08" + b"\xff" * 10 + b"\x01",
        b"\x09" + bytes(7),
        b"\x0d" + bytes(3),
        b"\x0a\x02a",
        b"\x0b",
        b"\x0c",
        b"\x0f",
    ],
)
def test_what_ends_too_early_or_is_of_no_kind_is_no_message(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"goes on past the end|groups are not supported"):
        list(cut(data, [], 1))
