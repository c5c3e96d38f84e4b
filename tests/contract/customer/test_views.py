"""ViewService: what is kept of a list, how it is checked and changed, and every reason it is
refused for."""

from __future__ import annotations

from typing import Any

import pytest
from google.protobuf.field_mask_pb2 import FieldMask
from guanxi.customer.v1.contacts_pb2 import ListContactsRequest
from guanxi.customer.v1.customers_pb2 import ListCustomersRequest
from guanxi.customer.v1.fields_pb2 import (
    ArchiveCustomFieldRequest,
    CustomField,
    RestoreCustomFieldRequest,
)
from guanxi.customer.v1.views_pb2 import (
    CreateViewRequest,
    DeleteViewRequest,
    GetViewRequest,
    ListViewsRequest,
    UpdateViewRequest,
    View,
)

from services.chassis.errors import Kind
from tests.support.custom_fields import declare
from tests.support.in_turn import in_turn
from tests.support.office import Desk
from tests.support.refusals import expect_not_found, refusal

NAME = "views/to-call"
CUSTOMER, CONTACT = CustomField.CUSTOMER, CustomField.CONTACT


async def keep(desk: Desk, view_id: str = "to-call", **fields: Any) -> View:
    view = View(**{"resource": CUSTOMER, "display_name": "To call", **fields})
    return await desk.views.CreateView(CreateViewRequest(view=view, view_id=view_id))


async def update(desk: Desk, *paths: str, **fields: Any) -> View:
    return await desk.views.UpdateView(
        UpdateViewRequest(view=View(name=NAME, **fields), update_mask=FieldMask(paths=paths))
    )


async def get(desk: Desk) -> View:
    return await desk.views.GetView(GetViewRequest(name=NAME))


async def delete(desk: Desk, etag: str = "") -> View:
    return await desk.views.DeleteView(DeleteViewRequest(name=NAME, etag=etag))


async def listed(desk: Desk, **request: Any) -> list[str]:
    reply = await desk.views.ListViews(ListViewsRequest(**request))
    return [each.name.removeprefix("views/") for each in reply.views]


async def test_a_view_is_its_makers_and_is_read_as_it_was_kept(desk: Desk) -> None:
    await declare(desk, "budget", CustomField.NUMBER)
    kept = await keep(
        desk,
        filter='region = "North" AND custom_fields.budget >= 5 AND create_time > days(-7)',
        order_by="custom_fields.budget desc, display_name",
        columns=["display_name", "lifecycle_stage", "custom_fields.budget"],
    )
    assert (kept.name, kept.owner, kept.shared) == (NAME, "users/ann", False)
    assert kept.create_time == kept.update_time
    assert kept.columns == ["display_name", "lifecycle_stage", "custom_fields.budget"]
    assert await get(desk) == kept


async def test_an_app_that_sends_what_a_view_says_gets_the_rows_it_is_of(desk: Desk) -> None:
    await desk.create("ann", "Ann", region="North")
    await desk.create("bob", "Bob", region="South")
    await desk.create("cleo", "Cleo", region="North")
    view = await keep(desk, filter='region = "North"', order_by="display_name desc")
    shown = await desk.customers.ListCustomers(
        ListCustomersRequest(filter=view.filter, order_by=view.order_by)
    )
    assert [each.display_name for each in shown.customers] == ["Cleo", "Ann"]


async def test_a_view_of_contacts_is_checked_as_their_list_is(desk: Desk) -> None:
    await declare(desk, "seniority", CustomField.NUMBER, resource=CONTACT)
    view = await keep(
        desk,
        resource=CONTACT,
        filter="active = true AND custom_fields.seniority > 2",
        order_by="approval_order",
        columns=["job_title", "custom_fields.seniority"],
    )
    await desk.contacts.ListContacts(
        ListContactsRequest(parent="customers/-", filter=view.filter, order_by=view.order_by)
    )
    refused = await refusal(keep(desk, "other", resource=CONTACT, filter='region = "North"'))
    assert refused.reason == "FILTER_UNKNOWN_FIELD"


@in_turn(
    ("fields", "reason", "field"),
    [
        ({"resource": 0}, "FIELD_REQUIRED", "resource"),
        ({"display_name": " "}, "DISPLAY_NAME_MISSING", "display_name"),
        ({"filter": "region ="}, "FILTER_SYNTAX", "filter"),
        ({"filter": "job_title = x"}, "FILTER_UNKNOWN_FIELD", "filter"),
        ({"filter": "custom_fields.gone = 1"}, "FILTER_UNKNOWN_FIELD", "filter"),
        # A field of contacts is none of customers.
        ({"filter": "custom_fields.seniority = 1"}, "FILTER_UNKNOWN_FIELD", "filter"),
        ({"filter": "kind = NOBODY"}, "FILTER_UNKNOWN_VALUE", "filter"),
        ({"filter": 'custom_fields.budget = "much"'}, "FILTER_VALUE", "filter"),
        ({"order_by": "job_title"}, "ORDER_BY_UNKNOWN_FIELD", "order_by"),
        ({"order_by": "region up"}, "ORDER_BY_SYNTAX", "order_by"),
        ({"order_by": "region, region"}, "ORDER_BY_REPEATED_FIELD", "order_by"),
        ({"order_by": "custom_fields.vip"}, "ORDER_BY_UNKNOWN_FIELD", "order_by"),
        ({"columns": ["region", "job_title"]}, "COLUMN_UNKNOWN", "columns[1]"),
        ({"columns": ["custom_fields"]}, "COLUMN_UNKNOWN", "columns[0]"),
        ({"columns": ["custom_fields.seniority"]}, "COLUMN_UNKNOWN", "columns[0]"),
        ({"columns": ["region", "name", "region"]}, "COLUMN_TWICE", "columns[2]"),
        ({"columns": ["displayName"]}, "VALIDATION_FAILED", "columns[0]"),
        ({"columns": ["name"] * 51}, "VALIDATION_FAILED", "columns"),
    ],
)
async def test_what_its_list_would_refuse_can_not_be_kept(
    known: Desk, fields: dict[str, Any], reason: str, field: str
) -> None:
    asked = [keep(known, "refused", **fields)]
    if "resource" not in fields:
        asked.append(update(known, *fields, **fields))
    for each in asked:
        error = await refusal(each)
        assert (error.kind, error.reason) == (Kind.INVALID_ARGUMENT, reason)
        assert error.violations[0].field == f"view.{field}"


@pytest.fixture
async def known(desk: Desk) -> Desk:
    """There is a view, and custom fields of customers and of contacts."""
    await declare(desk, "budget", CustomField.NUMBER)
    await declare(desk, "vip", CustomField.FLAG)
    await declare(desk, "seniority", CustomField.NUMBER, resource=CONTACT)
    await keep(desk)
    return desk


async def test_an_unknown_column_is_answered_with_what_may_have_been_meant(known: Desk) -> None:
    error = await refusal(keep(known, "other", columns=["custom_fields.bugdet"]))
    assert "did you mean custom_fields.budget?" in error.violations[0].description


async def test_a_view_is_changed_field_by_field_and_everything_is_a_change(known: Desk) -> None:
    before = await get(known)
    changed = await update(
        known,
        "display_name",
        "filter",
        "order_by",
        "columns",
        "shared",
        display_name="To visit",
        filter="custom_fields.vip = true",
        order_by="region",
        columns=["region"],
        shared=True,
        etag=before.etag,
    )
    assert changed.etag != before.etag
    assert (changed.display_name, changed.shared) == ("To visit", True)
    assert changed.columns == ["region"]
    assert await get(known) == changed
    emptied = await update(known, "filter", "order_by", "columns", "shared")
    assert (emptied.filter, emptied.order_by) == ("", "")
    assert not emptied.columns
    assert not emptied.shared
    assert (await refusal(update(known, "shared", shared=True, etag=before.etag))).reason == (
        "ETAG_MISMATCH"
    )


async def test_what_changes_nothing_leaves_the_view_as_it_is(known: Desk) -> None:
    before = await get(known)
    assert await update(known, "display_name", display_name="To call") == before


async def test_what_a_view_lists_and_whose_it_is_stays(known: Desk) -> None:
    for fields in ({"resource": CONTACT}, {"owner": "users/bob"}):
        refused = await refusal(update(known, *fields, **fields))
        assert refused.reason == "UPDATE_MASK_FIXED_FIELD"
    kept = await get(known)
    assert (kept.resource, kept.owner) == (CUSTOMER, "users/ann")


async def test_a_view_whose_custom_field_is_archived_stays_and_the_list_says_what_is_wrong(
    known: Desk,
) -> None:
    view = await update(
        known,
        "filter",
        "columns",
        filter="custom_fields.budget > 5",
        columns=["custom_fields.budget"],
    )
    field = "customFields/customer-budget"
    await known.fields.ArchiveCustomField(ArchiveCustomFieldRequest(name=field))
    assert await get(known) == view

    async def show() -> Any:
        return await known.customers.ListCustomers(ListCustomersRequest(filter=view.filter))

    assert (await refusal(show())).reason == "FILTER_UNKNOWN_FIELD"
    # It can be shared, renamed and sent back as it was read all the same.
    renamed = await update(known, "display_name", display_name="Big ones")
    sent = UpdateViewRequest(view=renamed, update_mask=FieldMask(paths=["*"]))
    assert await known.views.UpdateView(sent) == renamed
    refused = await refusal(update(known, "filter", filter="custom_fields.budget > 6"))
    assert refused.reason == "FILTER_UNKNOWN_FIELD"
    await known.fields.RestoreCustomField(RestoreCustomFieldRequest(name=field))
    await show()


async def test_a_deleted_view_is_gone_for_good_and_its_id_is_free(known: Desk) -> None:
    view = await get(known)
    assert (await refusal(delete(known, etag="older"))).reason == "ETAG_MISMATCH"
    assert await delete(known, etag=view.etag) == view
    await expect_not_found(get(known))
    await expect_not_found(delete(known))
    await expect_not_found(update(known, "shared", shared=True))
    await keep(known)


async def test_views_are_listed_by_name_page_by_page_and_filtered(known: Desk) -> None:
    await keep(known, "zeal", display_name="All of them", resource=CONTACT, shared=True)
    await keep(known, "amity", display_name="Zealous")
    assert await listed(known) == ["zeal", "to-call", "amity"]
    assert await listed(known, order_by="display_name desc") == ["amity", "to-call", "zeal"]
    assert await listed(known, filter="resource = CUSTOMER") == ["to-call", "amity"]
    assert await listed(known, filter="shared = true") == ["zeal"]
    assert await listed(known, filter='owner = "users/bob"') == []
    first = await known.views.ListViews(ListViewsRequest(page_size=2))
    assert await listed(known, page_size=2, page_token=first.next_page_token) == ["amity"]
