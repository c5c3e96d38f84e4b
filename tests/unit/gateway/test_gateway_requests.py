"""From path, query, headers and body to message bytes, and every way to be refused."""

from __future__ import annotations

from typing import Any

import pytest
from guanxi.customer.v1 import customers_pb2
from guanxi.insight.v1 import alerts_pb2, predictions_pb2
from guanxi.sales.v1 import orders_pb2

from gateway.transcode.request import Extras
from services.chassis.errors import Kind
from tests.support.transcoding import encode, refusal


class TestPathAndQuery:
    def test_a_variable_of_the_path_becomes_its_field(self) -> None:
        request = encode("GetCustomer", customers_pb2.GetCustomerRequest, "customers/a%20b")
        assert request.name == "customers/a b"

    @pytest.mark.parametrize(
        "query", ["pageSize=5&showDeleted=true", "page_size=5&show_deleted=true"]
    )
    def test_both_spellings_are_understood(self, query: str) -> None:
        request = encode("ListCustomers", customers_pb2.ListCustomersRequest, query=query)
        assert (request.page_size, request.show_deleted) == (5, True)

    def test_percent_and_plus_are_decoded(self) -> None:
        query = "filter=name+%3D+%22a%2Bb%22"
        request = encode("ListCustomers", customers_pb2.ListCustomersRequest, query=query)
        assert request.filter == 'name = "a+b"'

    def test_a_repeated_field_is_given_several_times(self) -> None:
        request = encode(
            "BatchGetCustomers",
            customers_pb2.BatchGetCustomersRequest,
            query="names=customers/a&names=customers/b",
        )
        assert list(request.names) == ["customers/a", "customers/b"]

    @pytest.mark.parametrize(
        "query",
        ["asOf=2011-12-10", "as_of=2011-12-10", "asOf.year=2011&asOf.month=12&as_of.day=10"],
    )
    def test_a_date_is_one_text_or_its_parts(self, query: str) -> None:
        request = encode(
            "GetPrediction",
            predictions_pb2.GetPredictionRequest,
            "customers/a/prediction",
            query=query,
        )
        assert (request.as_of.year, request.as_of.month, request.as_of.day) == (2011, 12, 10)

    def test_a_time_keeps_its_fraction_of_a_second(self) -> None:
        request = encode(
            "ListPurchases",
            orders_pb2.ListPurchasesRequest,
            "customers/a",
            query="startTime=2026-01-02T03:04:05.678901Z",
        )
        assert request.start_time.ToJsonString() == "2026-01-02T03:04:05.678901Z"

    def test_an_optional_number_that_is_zero_is_still_given(self) -> None:
        request = encode(
            "ListDueCustomers", predictions_pb2.ListDueCustomersRequest, query="withinDays=0"
        )
        assert request.HasField("within_days")
        assert request.within_days == 0

    def test_an_update_mask_is_understood_in_both_spellings(self) -> None:
        request = encode(
            "UpdateCustomer",
            customers_pb2.UpdateCustomerRequest,
            "customers/a",
            query="updateMask=displayName,next_follow_up_time",
            body={"displayName": "Ann"},
        )
        assert list(request.update_mask.paths) == ["display_name", "next_follow_up_time"]

    @pytest.mark.parametrize(
        ("query", "field", "reason"),
        [
            ("pageSizes=5", "pageSizes", "UNKNOWN_FIELD"),
            ("pageSize=5&page_size=6", "page_size", "DUPLICATE_FIELD"),
            ("pageSize=five", "pageSize", "INVALID_VALUE"),
            ("pageSize=", "pageSize", "INVALID_VALUE"),
            ("pageSize=99999999999", "pageSize", "INVALID_VALUE"),
            ("showDeleted=yes", "showDeleted", "INVALID_VALUE"),
            ("filter=%ff", "%ff", "INVALID_VALUE"),
        ],
    )
    def test_a_wrong_parameter_is_refused_by_name(
        self, query: str, field: str, reason: str
    ) -> None:
        error = refusal("ListCustomers", query=query)
        assert (error.kind, error.reason) == (Kind.INVALID_ARGUMENT, reason)
        assert [violation.field for violation in error.violations] == [field]

    def test_what_the_path_says_can_not_be_said_in_the_query_again(self) -> None:
        assert refusal("GetCustomer", "customers/a", query="name=customers/b").reason == (
            "UNKNOWN_FIELD"
        )

    def test_a_method_whose_body_is_the_request_takes_no_query(self) -> None:
        error = refusal("CancelOrder", "orders/1", query="reason=lost", body={})
        assert (error.reason, error.violations[0].field) == ("UNKNOWN_FIELD", "reason")

    def test_a_date_that_is_none_is_refused(self) -> None:
        error = refusal("GetPrediction", "customers/a/prediction", query="asOf=tomorrow")
        assert error.violations[0].field == "asOf"


class TestBody:
    def test_a_resource_is_read_with_both_spellings(self) -> None:
        request = encode(
            "CreateCustomer",
            customers_pb2.CreateCustomerRequest,
            query="customerId=ann",
            body={"displayName": "Ann", "lifecycle_stage": "LEAD", "labels": {"a": "b"}},
        )
        assert request.customer_id == "ann"
        assert request.customer.display_name == "Ann"
        assert request.customer.lifecycle_stage == customers_pb2.Customer.LEAD
        assert dict(request.customer.labels) == {"a": "b"}

    def test_the_name_in_the_path_wins_over_the_one_in_the_body(self) -> None:
        request = encode(
            "UpdateCustomer",
            customers_pb2.UpdateCustomerRequest,
            "customers/a",
            body={"name": "customers/z", "displayName": "Ann"},
        )
        assert request.customer.name == "customers/a"
        assert request.customer.display_name == "Ann"

    def test_without_a_mask_the_fields_of_the_body_are_the_mask(self) -> None:
        request = encode(
            "UpdateCustomer",
            customers_pb2.UpdateCustomerRequest,
            "customers/a",
            body={"displayName": "Ann", "phones": [], "region": "", "labels": {"a": "b"}},
        )
        assert list(request.update_mask.paths) == ["display_name", "phones", "region", "labels"]

    def test_what_the_server_sets_is_no_part_of_that_mask(self) -> None:
        body = {"name": "customers/a", "createTime": "2024-01-01T00:00:00Z", "etag": "x"}
        request = encode(
            "UpdateCustomer",
            customers_pb2.UpdateCustomerRequest,
            "customers/a",
            body={**body, "displayName": "Ann"},
        )
        assert list(request.update_mask.paths) == ["display_name"]

    def test_no_body_is_an_empty_one(self) -> None:
        request = encode("CancelOrder", orders_pb2.CancelOrderRequest, "orders/1")
        assert request.name == "orders/1"

    @pytest.mark.parametrize(
        ("body", "field", "reason"),
        [
            ({"displayNames": "Ann"}, "displayNames", "UNKNOWN_FIELD"),
            ({"displayName": 3}, "displayName", "INVALID_VALUE"),
            ({"kind": "ROBOT"}, "kind", "INVALID_VALUE"),
            ({"createTime": "yesterday"}, "createTime", "INVALID_VALUE"),
            ({"phones": "1"}, "phones", "INVALID_VALUE"),
            (b"", "", ""),
            (b"[]", "body", "MALFORMED_BODY"),
            (b"null", "body", "MALFORMED_BODY"),
            (b'{"displayName":', "body", "MALFORMED_BODY"),
            (b'{"displayName":"\xff"}', "displayName", "INVALID_VALUE"),
            (b'{"labels":' * 4000, "labels.labels", "INVALID_VALUE"),
        ],
    )
    def test_a_wrong_body_is_refused_by_name(self, body: Any, field: str, reason: str) -> None:
        if not reason:
            encode("CreateCustomer", customers_pb2.CreateCustomerRequest, body=body)
            return
        error = refusal("CreateCustomer", body=body)
        assert (error.kind, error.reason) == (Kind.INVALID_ARGUMENT, reason)
        if reason != "MALFORMED_BODY":
            assert error.violations[0].field == field

    @pytest.mark.parametrize(
        ("method", "body", "field", "told"),
        [
            ("CreateCustomer", {"kind": "ROBOT"}, "kind",
             "must be one of PERSON, ORGANIZATION, not"),
            ("LogTouchpoint", {"topics": ["PRICE", "WEATHER"]}, "topics[1]",
             "must be one of PRICE, DISCOUNT, "),
        ],
    )  # fmt: skip
    def test_an_unknown_name_is_told_those_there_are(
        self, method: str, body: Any, field: str, told: str
    ) -> None:
        path = ("customers/a",) if method == "LogTouchpoint" else ()
        (violation,) = refusal(method, *path, body=body).violations
        assert violation.field == field
        assert violation.description.startswith(told)
        assert "UNSPECIFIED" not in violation.description

    @pytest.mark.parametrize(
        ("line", "field"),
        [
            ({"quantity": "a"}, "requests[0].order.lines[1].quantity"),
            ({"quantities": "1"}, "requests[0].order.lines[1].quantities"),
            ({"unitPrice": {"unit": "1"}}, "requests[0].order.lines[1].unitPrice.unit"),
        ],
    )
    def test_a_mistake_deep_inside_is_found(self, line: dict[str, Any], field: str) -> None:
        body = {"requests": [{"order": {"lines": [{"quantity": "1"}, line]}}]}
        assert refusal("BatchCreateOrders", body=body).violations[0].field == field

    def test_a_method_without_a_body_takes_none(self) -> None:
        assert refusal("GetCustomer", "customers/a", body={}).reason == "MALFORMED_BODY"


class TestHeaders:
    def test_if_match_is_the_etag_where_the_request_has_one(self) -> None:
        extras = Extras(if_match='W/"abc"')
        request = encode("CancelOrder", orders_pb2.CancelOrderRequest, "orders/1", extras=extras)
        assert request.etag == 'W/"abc"'

    def test_if_match_is_the_etag_of_the_resource_in_an_update(self) -> None:
        request = encode(
            "UpdateCustomer",
            customers_pb2.UpdateCustomerRequest,
            "customers/a",
            body={"displayName": "Ann"},
            extras=Extras(if_match='"abc"'),
        )
        assert request.customer.etag == '"abc"'
        assert request.customer.display_name == "Ann"

    def test_if_match_star_asks_for_no_etag(self) -> None:
        extras = Extras(if_match="*")
        request = encode("CancelOrder", orders_pb2.CancelOrderRequest, "orders/1", extras=extras)
        assert request.etag == ""

    @pytest.mark.parametrize("header", ["abc", '"a", "b"', 'W/"a'])
    def test_if_match_that_is_not_one_etag_is_refused(self, header: str) -> None:
        error = refusal("CancelOrder", "orders/1", extras=Extras(if_match=header))
        assert (error.reason, error.metadata["header"]) == ("INVALID_HEADER", "If-Match")

    def test_if_match_is_refused_where_there_is_nothing_to_compare(self) -> None:
        extras = Extras(if_match='"abc"')
        assert refusal("GetCustomer", "customers/a", extras=extras).reason == "INVALID_HEADER"

    def test_idempotency_key_is_the_request_id(self) -> None:
        extras = Extras(idempotency_key="k-1")
        request = encode("CancelOrder", orders_pb2.CancelOrderRequest, "orders/1", extras=extras)
        assert request.request_id == "k-1"

    def test_an_idempotency_key_beside_a_request_id_is_refused(self) -> None:
        extras = Extras(idempotency_key="k-1")
        assert refusal("CreateCustomer", query="requestId=k-2", body={}, extras=extras).reason == (
            "DUPLICATE_FIELD"
        )

    @pytest.mark.parametrize(
        ("method", "captures", "body", "extras", "field"),
        [
            ("CancelOrder", "orders/1", {"etag": "1"}, Extras(if_match='"2"'), "If-Match"),
            ("UpdateCustomer", "customers/a", {"etag": "1"}, Extras(if_match='"2"'), "If-Match"),
            (
                "CancelOrder",
                "orders/1",
                {"requestId": "a"},
                Extras(idempotency_key="b"),
                "Idempotency-Key",
            ),
        ],
    )
    def test_a_header_that_contradicts_the_body_is_refused(
        self, method: str, captures: str, body: Any, extras: Extras, field: str
    ) -> None:
        error = refusal(method, captures, body=body, extras=extras)
        assert (error.reason, error.violations[0].field) == ("DUPLICATE_FIELD", field)

    def test_a_header_that_says_the_same_as_the_body_is_fine(self) -> None:
        request = encode(
            "CancelOrder",
            orders_pb2.CancelOrderRequest,
            "orders/1",
            body={"etag": "abc", "requestId": "k"},
            extras=Extras(if_match='W/"abc"', idempotency_key="k"),
        )
        assert (request.etag, request.request_id) == ('W/"abc"', "k")

    def test_last_event_id_is_where_a_stream_goes_on(self) -> None:
        request = encode(
            "WatchAlerts",
            alerts_pb2.WatchAlertsRequest,
            query="assignedToMe=true&resumeToken=1",
            extras=Extras(last_event_id="7"),
        )
        assert (request.resume_token, request.assigned_to_me) == ("7", True)
