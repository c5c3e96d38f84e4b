"""What `order_by` says, and how what it can't say is refused."""

import pytest

from services.chassis.errors import DomainError
from services.chassis.lists.ordering import OrderKey, parse

DECLARED = ("create_time", "display_name")


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("", ()),
        ("  ", ()),
        ("create_time", (OrderKey("create_time"),)),
        ("create_time asc", (OrderKey("create_time"),)),
        (" create_time   desc ", (OrderKey("create_time", descending=True),)),
        (
            "display_name,create_time desc",
            (OrderKey("display_name"), OrderKey("create_time", descending=True)),
        ),
    ],
)
def test_an_order_is_read_as_its_keys(text: str, keys: tuple[OrderKey, ...]) -> None:
    assert parse(text, DECLARED) == keys


@pytest.mark.parametrize(
    ("text", "reason", "named"),
    [
        ("colour", "ORDER_BY_UNKNOWN_FIELD", "colour is no field .* create_time, display_name"),
        ("createTime", "ORDER_BY_UNKNOWN_FIELD", "did you mean create_time"),
        ("create_time down", "ORDER_BY_SYNTAX", "create_time is followed by 'down'"),
        ("create_time DESC", "ORDER_BY_SYNTAX", "create_time is followed by 'DESC'"),
        ("create_time desc desc", "ORDER_BY_SYNTAX", "create_time desc desc"),
        ("create_time,", "ORDER_BY_SYNTAX", "'' is not a field"),
        ("create_time, create_time desc", "ORDER_BY_REPEATED_FIELD", "create_time is given twice"),
        ("create_time; drop", "ORDER_BY_UNKNOWN_FIELD", "create_time; is no field"),
    ],
)
def test_what_is_no_order_is_refused_with_the_field(text: str, reason: str, named: str) -> None:
    with pytest.raises(DomainError, match=named) as refused:
        parse(text, DECLARED)
    assert refused.value.reason == reason
    assert refused.value.violations[0].field == "order_by"
