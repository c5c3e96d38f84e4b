"""Which fields an update changes, by the contract, and what it leaves alone."""

from __future__ import annotations

import pytest
from google.protobuf.field_mask_pb2 import FieldMask
from guanxi.customer.v1 import customers_pb2 as pb
from guanxi.sales.v1.products_pb2 import Product

from services.chassis import field_mask
from services.chassis.errors import DomainError
from tests.support.contact_points import emails


def customer(**values: object) -> pb.Customer:
    return pb.Customer(name="customers/1", display_name="Ann", **values)  # type: ignore[arg-type]  # each test names real fields


def test_without_a_mask_the_mutable_fields_that_are_set_change() -> None:
    change = customer(emails=emails("ann@example.com"), etag="x", lifecycle_stage=pb.Customer.LEAD)
    change.create_time.seconds = 1
    assert field_mask.resolve(None, change) == ("display_name", "emails")
    assert field_mask.resolve(FieldMask(), change) == ("display_name", "emails")


def test_a_star_means_every_mutable_field() -> None:
    paths = field_mask.resolve(FieldMask(paths=["*"]), customer())
    assert {"display_name", "labels", "phones", "next_follow_up_time"} <= set(paths)
    assert not {"name", "etag", "create_time", "lifecycle_stage"} & set(paths)


def test_a_mask_is_taken_at_its_word_once() -> None:
    mask = FieldMask(paths=["region", "phones", "region"])
    assert field_mask.resolve(mask, customer()) == ("region", "phones")


def test_the_etag_guards_the_change_and_is_not_part_of_it() -> None:
    mask = FieldMask(paths=["region", "etag"])
    assert field_mask.resolve(mask, customer(etag="x")) == ("region",)


@pytest.mark.parametrize(
    ("path", "reason", "message"),
    [
        ("colour", "UPDATE_MASK_UNKNOWN_FIELD", "colour is no field; fields are name, kind"),
        ("", "UPDATE_MASK_UNKNOWN_FIELD", "is no field"),
        ("displayName", "UPDATE_MASK_UNKNOWN_FIELD", "displayName is no field"),
        ("region.x", "UPDATE_MASK_UNKNOWN_FIELD", "region is changed as a whole"),
        ("labels.colour", "UPDATE_MASK_UNKNOWN_FIELD", "labels is changed as a whole"),
        ("phones.0", "UPDATE_MASK_UNKNOWN_FIELD", "phones is changed as a whole"),
        ("next_follow_up_time.seconds", "UPDATE_MASK_UNKNOWN_FIELD", "is changed as a whole"),
        ("create_time", "UPDATE_MASK_FIXED_FIELD", "create_time is set by the server"),
        ("create_time.seconds", "UPDATE_MASK_UNKNOWN_FIELD", "is changed as a whole"),
        ("name", "UPDATE_MASK_FIXED_FIELD", "name is the name of the resource"),
    ],
)
def test_a_path_that_cannot_change_is_refused(path: str, reason: str, message: str) -> None:
    with pytest.raises(DomainError, match=message) as refused:
        field_mask.resolve(FieldMask(paths=[path]), customer())
    assert refused.value.reason == reason
    assert refused.value.violations[0].field == "update_mask"


@pytest.mark.parametrize("paths", [[], ["region", "lifecycle_stage"], ["*"]])
def test_a_resource_can_be_sent_back_as_it_was_read(paths: list[str]) -> None:
    read = customer(region="North", lifecycle_stage=pb.Customer.LEAD)
    mask = FieldMask(paths=paths)
    assert "lifecycle_stage" not in field_mask.resolve(mask, read)
    field_mask.expect_fixed(mask, read, read)


@pytest.mark.parametrize("stage", [pb.Customer.LOST, pb.Customer.LIFECYCLE_STAGE_UNSPECIFIED])
def test_what_is_given_once_is_not_changed(stage: pb.Customer.LifecycleStage) -> None:
    current = customer(lifecycle_stage=pb.Customer.LEAD)
    change, mask = customer(lifecycle_stage=stage), FieldMask(paths=["lifecycle_stage"])
    with pytest.raises(DomainError, match="given on create and never changed") as refused:
        field_mask.expect_fixed(mask, change, current)
    assert refused.value.reason == "UPDATE_MASK_FIXED_FIELD"


@pytest.mark.parametrize("paths", [["delete_time"], [], ["*"]])
def test_what_methods_of_its_own_change_is_refused_by_their_names(paths: list[str]) -> None:
    change, mask = customer(), FieldMask(paths=paths)
    change.delete_time.seconds = 1
    field_mask.expect_fixed(mask, change, change)
    assert "delete_time" not in field_mask.resolve(mask, change)
    with pytest.raises(DomainError, match="changed by DeleteCustomer and UndeleteCustomer") as no:
        field_mask.expect_fixed(mask, change, customer())
    assert (no.value.reason, no.value.violations[0].field) == (
        "UPDATE_MASK_FIXED_FIELD",
        "update_mask",
    )


def test_what_the_server_sets_moves_by_itself_and_is_not_compared() -> None:
    read, now = customer(), customer()
    read.update_time.seconds, now.update_time.seconds = 1, 2
    field_mask.expect_fixed(None, read, now)


def test_what_a_mask_does_not_name_is_not_looked_at() -> None:
    current, change = customer(lifecycle_stage=pb.Customer.LEAD), customer()
    change.lifecycle_stage = pb.Customer.LOST
    field_mask.expect_fixed(FieldMask(paths=["region"]), change, current)
    with pytest.raises(DomainError):
        field_mask.expect_fixed(None, change, current)


def test_a_star_stands_alone() -> None:
    with pytest.raises(DomainError) as refused:
        field_mask.resolve(FieldMask(paths=["*", "region"]), customer())
    assert refused.value.reason == "UPDATE_MASK_WILDCARD"


@pytest.mark.parametrize("paths", [["display_name"], ["*"]])
def test_a_required_field_is_not_emptied(paths: list[str]) -> None:
    with pytest.raises(DomainError) as refused:
        field_mask.resolve(FieldMask(paths=paths), Product(sku="1"))
    assert refused.value.reason == "FIELD_REQUIRED"
    assert refused.value.violations[0].field == "display_name"
