"""Page tokens: every value comes back as it was, and their form lasts."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from services.chassis.errors import DomainError
from services.chassis.lists.page_token import PageToken, decode, encode, fingerprints

SMALLEST, LARGEST = -(2**63), 2**63 - 1


def test_a_token_of_8192_characters_is_read_and_a_longer_one_refused() -> None:
    most = "x" * 6_133
    token = encode(PageToken({}, (most,)))
    assert len(token) == 8_192
    assert decode(token).values == (most,)
    longer = encode(PageToken({}, (most + "x",)))
    assert len(longer) > 8_192
    with pytest.raises(DomainError) as refused:
        decode(longer)
    assert refused.value.reason == "PAGE_TOKEN_INVALID"


@pytest.mark.parametrize(
    "value",
    [
        SMALLEST,
        LARGEST,
        0.1,
        "",
        "关系",
        True,
        None,
        date(2024, 2, 29),
        datetime(1969, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC),
        datetime(9999, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC),
    ],
)
def test_a_token_gives_back_every_value_as_it_was(value: object) -> None:
    token = PageToken({"filter": "h"}, (value,))  # type: ignore[arg-type] # each is one
    found = decode(encode(token))
    assert found == token
    assert type(found.values[0]) is type(value)


def test_a_token_is_safe_in_a_url_and_keeps_its_form() -> None:
    """One that was given before a rollout leads on after it."""
    token = encode(PageToken({"filter": "AAAA"}, (1, "?>~")))
    assert token == "WzEseyJmaWx0ZXIiOiJBQUFBIn0sWzEsIj8-fiJdXQ"
    assert fingerprints({"filter": "a = 1", "parent": ""}) == {"filter": "Al3bIjnY"}
