"""Etags are equal for equal records, and a change is refused to whoever has seen another one."""

import pytest

from services.chassis import etag
from services.chassis.errors import DomainError


def test_equal_content_has_equal_etags_and_other_content_others() -> None:
    assert etag.of("customers/1", 3) == etag.of("customers/1", 3)
    assert len({etag.of(1), etag.of(2), etag.of("ab", "c"), etag.of("a", "bc"), etag.of(b"x")}) == 5


def test_an_etag_is_weak_and_fits_its_field() -> None:
    assert etag.of(1).startswith('W/"')
    assert len(etag.of("x" * 1000)) <= 64


@pytest.mark.parametrize("given", ["", "*", 'W/"abc"', '"abc"', "abc"])
def test_who_has_seen_the_record_may_change_it(given: str) -> None:
    etag.expect(given, 'W/"abc"', "customers/1")


def test_who_has_seen_another_version_is_told_to_read_again() -> None:
    with pytest.raises(DomainError, match="customers/1 has changed") as refused:
        etag.expect('"abd"', 'W/"abc"', "customers/1")
    assert refused.value.reason == "ETAG_MISMATCH"
