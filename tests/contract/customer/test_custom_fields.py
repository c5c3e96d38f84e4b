"""CustomFieldService: what is declared, how it changes, and every reason it is refused for."""

from __future__ import annotations

from typing import Any

import pytest
from google.protobuf.field_mask_pb2 import FieldMask
from google.type.date_pb2 import Date
from guanxi.customer.v1.fields_pb2 import (
    ArchiveCustomFieldRequest,
    CreateCustomFieldRequest,
    CustomField,
    GetCustomFieldRequest,
    ListCustomFieldsRequest,
    RestoreCustomFieldRequest,
    UpdateCustomFieldRequest,
)
from guanxi.fields.v1.values_pb2 import FieldValue

from services.chassis.errors import DomainError, Kind
from services.customer.fields.model import MOST_FIELDS
from tests.support.custom_fields import TIER, declare, option
from tests.support.in_turn import in_turn
from tests.support.office import Desk, Office

NAME = "customFields/customer-tier"


async def update(desk: Desk, *paths: str, **fields: Any) -> CustomField:
    return await desk.fields.UpdateCustomField(
        UpdateCustomFieldRequest(
            custom_field=CustomField(name=NAME, **fields), update_mask=FieldMask(paths=paths)
        )
    )


async def archive(desk: Desk, etag: str = "") -> CustomField:
    return await desk.fields.ArchiveCustomField(ArchiveCustomFieldRequest(name=NAME, etag=etag))


async def restore(desk: Desk, etag: str = "") -> CustomField:
    return await desk.fields.RestoreCustomField(RestoreCustomFieldRequest(name=NAME, etag=etag))


async def test_a_field_is_named_by_its_resource_and_key_and_is_read_as_declared(desk: Desk) -> None:
    declared = await declare(
        desk,
        "partner_tier",
        CustomField.CHOICE,
        options=TIER,
        default_value=FieldValue(choice="gold"),
        description="How we treat them",
        required=True,
    )
    assert declared.name == "customFields/customer-partner-tier"
    assert [each.value for each in declared.options] == ["gold", "silver"]
    assert (declared.default_value.choice, declared.required) == ("gold", True)
    assert declared.create_time == declared.update_time
    read = await desk.fields.GetCustomField(GetCustomFieldRequest(name=declared.name))
    assert read == declared


async def test_fields_are_listed_by_name_and_filtered(desk: Desk) -> None:
    await declare(desk, "zeal", CustomField.FLAG)
    await declare(desk, "tier", CustomField.CHOICE, options=TIER)
    await archive(desk)

    async def listed(filter: str = "") -> list[str]:
        reply = await desk.fields.ListCustomFields(ListCustomFieldsRequest(filter=filter))
        return [each.key for each in reply.custom_fields]

    assert await listed() == ["tier", "zeal"]
    assert await listed("resource = CUSTOMER AND NOT archive_time:*") == ["zeal"]
    assert await listed("type = CHOICE") == ["tier"]


@in_turn(
    ("fields", "reason", "field"),
    [
        ({"resource": 0}, "FIELD_REQUIRED", "resource"),
        ({"type": 0}, "FIELD_REQUIRED", "type"),
        ({"key": ""}, "FIELD_REQUIRED", "key"),
        ({"key": "Tier"}, "VALIDATION_FAILED", "key"),
        ({"key": "a__b"}, "VALIDATION_FAILED", "key"),
        ({"display_name": " "}, "DISPLAY_NAME_MISSING", "display_name"),
        ({"type": CustomField.CHOICE}, "CUSTOM_FIELD_NEEDS", "options"),
        ({"type": CustomField.MONEY}, "CUSTOM_FIELD_NEEDS", "currency_code"),
        ({"type": CustomField.REFERENCE}, "CUSTOM_FIELD_NEEDS", "refers_to"),
        (
            {"type": CustomField.MONEY, "currency_code": "XXY"},
            "CURRENCY_UNKNOWN",
            "currency_code",
        ),
        ({"decimals": 2}, "CUSTOM_FIELD_HAS_NO", "decimals"),
        ({"options": TIER}, "CUSTOM_FIELD_HAS_NO", "options"),
        ({"currency_code": "EUR"}, "CUSTOM_FIELD_HAS_NO", "currency_code"),
        ({"refers_to": "users"}, "CUSTOM_FIELD_HAS_NO", "refers_to"),
        (
            {"type": CustomField.CHOICE, "options": [*TIER, option("gold")]},
            "OPTION_TWICE",
            "options[2].value",
        ),
        ({"default_value": FieldValue(number="1")}, "CUSTOM_FIELD_TYPE", "default_value"),
        (
            {"type": CustomField.DATE, "default_value": FieldValue(date=Date(year=2024))},
            "DATE_INVALID",
            "default_value.date",
        ),
        (
            {
                "type": CustomField.CHOICE,
                "options": TIER,
                "default_value": FieldValue(choice="lead"),
            },
            "CUSTOM_FIELD_VALUE",
            "default_value",
        ),
    ],
)
async def test_what_can_not_be_a_field_is_refused_by_field(
    desk: Desk, fields: dict[str, Any], reason: str, field: str
) -> None:
    declared: dict[str, Any] = {"key": "tier", "type": CustomField.TEXT, **fields}
    with pytest.raises(DomainError) as refused:
        await declare(desk, declared.pop("key"), declared.pop("type"), **declared)
    assert (refused.value.kind, refused.value.reason) == (Kind.INVALID_ARGUMENT, reason)
    assert refused.value.violations[0].field == f"custom_field.{field}"


async def test_a_key_is_one_fields_also_of_an_archived_one(desk: Desk) -> None:
    await declare(desk, "tier", CustomField.TEXT)
    await archive(desk)
    with pytest.raises(DomainError) as refused:
        await declare(desk, "tier", CustomField.FLAG)
    assert refused.value.kind is Kind.ALREADY_EXISTS


async def test_options_come_to_a_field_and_none_is_taken_away(desk: Desk) -> None:
    await declare(
        desk, "tier", CustomField.CHOICE, options=TIER, default_value=FieldValue(choice="gold")
    )
    more = await update(desk, "options", options=[*TIER, option("bronze")])
    assert [each.value for each in more.options] == ["gold", "silver", "bronze"]
    with pytest.raises(DomainError) as refused:
        await update(desk, "options", options=TIER)
    assert (refused.value.reason, refused.value.violations[0].field) == (
        "OPTION_REMOVED",
        "custom_field.options",
    )
    gone = option("gold")
    gone.archived = True
    with pytest.raises(DomainError) as refused:
        await update(desk, "options", options=[gone, *more.options[1:]])
    assert refused.value.reason == "CUSTOM_FIELD_VALUE"  # the default can't be chosen any more
    await update(desk, "options", "default_value", options=[gone, *more.options[1:]])


async def test_what_says_nothing_new_is_no_change(desk: Desk) -> None:
    before = await declare(desk, "tier", CustomField.CHOICE, options=TIER)
    assert await update(desk, "options", "required", options=TIER) == before


async def test_a_field_is_archived_and_brought_back(desk: Desk) -> None:
    await declare(desk, "tier", CustomField.TEXT)
    archived = await archive(desk)
    assert archived.HasField("archive_time")
    with pytest.raises(DomainError) as refused:
        await archive(desk)
    assert (refused.value.kind, refused.value.reason) == (
        Kind.FAILED_PRECONDITION,
        "CUSTOM_FIELD_ARCHIVED",
    )
    with pytest.raises(DomainError) as refused:
        await restore(desk, etag="old")
    assert refused.value.reason == "ETAG_MISMATCH"
    assert not (await restore(desk, etag=archived.etag)).HasField("archive_time")
    with pytest.raises(DomainError) as refused:
        await restore(desk)
    assert (refused.value.kind, refused.value.reason) == (
        Kind.ALREADY_EXISTS,
        "CUSTOM_FIELD_IN_USE",
    )


async def test_there_is_an_end_to_how_many_a_resource_has(desk: Desk) -> None:
    for number in range(MOST_FIELDS):
        await declare(desk, f"f{number}", CustomField.FLAG)
    with pytest.raises(DomainError) as refused:
        await declare(desk, "more", CustomField.FLAG)
    assert (refused.value.kind, refused.value.reason) == (
        Kind.FAILED_PRECONDITION,
        "TOO_MANY_CUSTOM_FIELDS",
    )


@pytest.mark.parametrize("role", ["manager", "rep", "app", "analyst"])
async def test_who_is_no_admin_reads_what_is_declared_and_declares_nothing(
    office: Office, desk: Desk, role: str
) -> None:
    declared = await declare(desk, "tier", CustomField.TEXT)
    other = await office.desk("users/bob", role=role)
    assert await other.fields.GetCustomField(GetCustomFieldRequest(name=NAME)) == declared
    with pytest.raises(DomainError) as refused:
        await other.fields.CreateCustomField(CreateCustomFieldRequest(custom_field=declared))
    assert refused.value.kind is Kind.PERMISSION_DENIED
