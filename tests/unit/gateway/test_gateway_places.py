"""Fields in the wrong place, in each other's place, and days that are none: told by name."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.transcode.query import QueryFields, parameters_of
from gateway.transcode.values import JsonValue
from services.chassis.errors import DomainError
from tests.support.probes import message, probe_message, request_codec
from tests.support.transcoding import refusal


class TestChoices:
    @pytest.mark.parametrize(
        ("query", "key"),
        [
            ("mailAddress=a&phoneNumber=b", "phoneNumber"),
            ("through.plainText=a&mail_address=b", "mail_address"),
            ("inner.mailAddress=a&inner.phoneNumber=b", "inner.phoneNumber"),
        ],
    )
    def test_two_members_of_one_choice_in_a_query_are_refused(self, query: str, key: str) -> None:
        with pytest.raises(DomainError) as caught:
            QueryFields(parameters_of(probe_message()), {}).read(query, {})
        assert (caught.value.reason, caught.value.violations[0].field) == ("DUPLICATE_FIELD", key)

    def test_one_member_of_each_choice_is_fine(self) -> None:
        values: dict[str, JsonValue] = {}
        QueryFields(parameters_of(probe_message()), {}).read(
            "mailAddress=a&inner.through.plainText=c", values
        )
        assert values == {"mailAddress": "a", "inner": {"through": {"plainText": "c"}}}


class TestPlaces:
    """A field that is known, and given where it is not read, is told where it belongs."""

    @pytest.mark.parametrize(
        ("method", "captures", "query", "key", "place"),
        [
            ("CreateCustomer", (), "displayName=Ann", "displayName", "body"),
            ("CreateCustomer", (), "customer.display_name=Ann", "customer.display_name", "body"),
            ("CreateCustomer", (), "customer=Ann", "customer", "body"),
            ("CancelOrder", ("orders/1",), "reason=x", "reason", "body"),
            ("CancelOrder", ("orders/1",), "requestId=x", "requestId", "body"),
            ("CancelOrder", ("orders/1",), "name=orders/2", "name", "path"),
            ("GetCustomer", ("customers/a",), "name=customers/b", "name", "path"),
            ("UpdateCustomer", ("customers/a",), "customer.name=x", "customer.name", "path"),
        ],
    )
    def test_in_a_query(
        self, method: str, captures: tuple[str, ...], query: str, key: str, place: str
    ) -> None:
        violation = refusal(method, *captures, query=query).violations[0]
        assert (violation.field, violation.reason) == (key, "UNKNOWN_FIELD")
        assert violation.description == f"belongs in the {place}"

    def test_in_a_body(self) -> None:
        violation = refusal("CreateCustomer", body={"requestId": "x"}).violations[0]
        assert (violation.field, violation.description) == ("requestId", "belongs in the query")

    def test_what_belongs_nowhere_is_said_to_be_nowhere(self) -> None:
        for request in ({"query": "color=1"}, {"body": {"color": 1}}):
            violation = refusal("CreateCustomer", **request).violations[0]
            assert violation.description.startswith("there is no such field in this request")

    def test_what_may_have_been_meant_is_told_and_what_there_is(self) -> None:
        cancelled = refusal("CancelOrder", "orders/1", body={"cancel_reason": "x"})
        assert "did you mean reason?; fields are name, " in cancelled.violations[0].description
        asked = refusal("ListCustomers", query="page_sizes=2")
        assert "did you mean pageSize?; fields are pageSize, " in asked.violations[0].description
        within = refusal("CreateCustomer", body={"displayName": "Ann", "phone": "1"})
        assert "did you mean phones?; fields are name, " in within.violations[0].description

    def test_a_name_that_nobody_mistypes_is_compared_with_none(self) -> None:
        told = refusal("CreateCustomer", body={"phones" * 20: 1}).violations[0].description
        assert "fields are name, " in told
        assert "did you mean" not in told


class TestPaths:
    """Variables of a path that are no names are read as their fields are anywhere."""

    @staticmethod
    def asked(*captures: str, query: str = "") -> Any:
        return message("Probe").FromString(request_codec("Ask").encode(captures, query, b""))

    def test_they_are_numbers_and_choices_too(self) -> None:
        probe = self.asked("-7", "RED", "1.5", query="plainText=a&inner.plainText=b")
        assert (probe.small_number, probe.inner.color, probe.real) == (-7, 1, 1.5)
        assert (probe.plain_text, probe.inner.plain_text) == ("a", "b")

    @pytest.mark.parametrize(
        ("captures", "told"),
        [
            (("seven", "RED", "1"), "smallNumber: must be a whole number"),
            (("1", "RED", "x"), "real: must be a number"),
            (("1", "4294967296", "1"), "inner.color: is no number of an enum"),
            (("1", "%ff", "1"), "inner.color: is not valid UTF-8"),
            (("1", "PURPLE", "1"), "inner.color: must be one of RED, not the text"),
        ],
    )
    def test_what_is_none_is_refused_by_name(self, captures: tuple[str, ...], told: str) -> None:
        with pytest.raises(DomainError) as caught:
            self.asked(*captures)
        assert caught.value.message.startswith(told)

    @pytest.mark.parametrize("key", ["smallNumber", "small_number", "inner.color", "real"])
    def test_they_are_given_in_the_path_alone(self, key: str) -> None:
        with pytest.raises(DomainError) as caught:
            self.asked("1", "RED", "1", query=f"{key}=1")
        assert caught.value.violations[0].description == "belongs in the path"


class TestDates:
    @pytest.mark.parametrize(
        "text", ["2024-02-30", "2023-02-29", "2024-13-01", "0000-01-01", "2024-1-1", "tomorrow", ""]
    )
    def test_a_day_that_no_calendar_has_is_refused(self, text: str) -> None:
        error = refusal("GetPrediction", "customers/a/prediction", query=f"asOf={text}")
        assert (error.reason, error.violations[0].field) == ("INVALID_VALUE", "asOf")


class TestEnums:
    @pytest.mark.parametrize("text", ["99999999999", "-2147483649", "2147483648"])
    def test_a_number_of_more_than_32_bits_is_refused(self, text: str) -> None:
        error = refusal("ListDueCustomers", query=f"withinDays={text}")
        assert error.reason == "INVALID_VALUE"
