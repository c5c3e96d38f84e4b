"""One text field among the bytes of a message, read and written without the message's type."""

from __future__ import annotations

import pytest
from google.protobuf import descriptor_pb2
from hypothesis import given
from hypothesis import strategies as st

from gateway.transcode.wire import as_text, last_text

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
