"""Which fields a change is of: as the mask of a query says, or else those that its body carries."""

from __future__ import annotations

import pytest
from guanxi.customer.v1 import customers_pb2

from gateway.transcode.masks import mask_fields
from gateway.transcode.values import JsonValue
from tests.support.probes import probe_message
from tests.support.transcoding import CONTRACT, encode


@pytest.mark.parametrize(
    ("text", "paths"),
    [
        ("plainText", ["plain_text"]),
        ("plain_text, real ,,smallNumber", ["plain_text", "real", "small_number"]),
        ("mailAddress.a.bC", ["mail_address.a.bC"]),
        ("*", ["*"]),
        ("unknownField.x", ["unknownField.x"]),
        (" , ", []),
    ],
)
def test_a_mask_in_a_query_is_read_in_either_spelling(text: str, paths: list[str]) -> None:
    assert mask_fields(probe_message()).paths_of_text(text) == paths


def test_what_only_the_server_sets_is_no_part_of_a_body_and_all_else_is() -> None:
    customer = CONTRACT.types.message("guanxi.customer.v1.Customer")
    assert customer is not None
    names: dict[str, JsonValue] = {field.json_name: None for field in customer.fields}
    left_out = {field.name for field in customer.fields} - set(
        mask_fields(customer).paths_of_body(names)
    )
    assert {"name", "create_time", "update_time", "etag"} <= left_out
    assert not left_out & {"display_name", "phones", "owner", "labels", "next_follow_up_time"}


@pytest.mark.parametrize("field", ["active", "deactivateTime", "deactivate_time"])
def test_what_methods_of_its_own_change_is_named_so_that_another_value_is_refused(
    field: str,
) -> None:
    user = CONTRACT.types.message("guanxi.sales.v1.User")
    assert user is not None
    named = mask_fields(user).paths_of_body({field: None, "createTime": None})
    assert named == [{"deactivateTime": "deactivate_time"}.get(field, field)]


@pytest.mark.parametrize("body", [{}, {"createTime": "2024-01-01T00:00:00Z"}, b""])
def test_a_body_that_sets_nothing_has_no_mask(body: object) -> None:
    request = encode(
        "UpdateCustomer", customers_pb2.UpdateCustomerRequest, "customers/a", body=body
    )
    assert not request.HasField("update_mask")
    assert request.customer.name == "customers/a"
