"""The API's description: valid, complete, and saying what the contracts say."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from gateway.openapi import openapi_document
from gateway.openapi.names import operation_ids, schema_names
from gateway.openapi.paths import openapi_path
from gateway.templates import parse_template
from tests.support.probes import probe_contract
from tests.support.transcoding import CONTRACT

DOCUMENT: dict[str, Any] = openapi_document(CONTRACT)


def ref(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}


def schema(name: str) -> dict[str, Any]:
    found: dict[str, Any] = DOCUMENT["components"]["schemas"][name]
    return found


def operation(method: str, path: str) -> dict[str, Any]:
    found: dict[str, Any] = DOCUMENT["paths"][path][method]
    return found


def test_it_is_valid_openapi_3_1() -> None:
    assert list(OpenAPIV31SpecValidator(DOCUMENT).iter_errors()) == []


def test_every_binding_of_a_public_method_is_in_it() -> None:
    described = [
        op["operationId"] for operations in DOCUMENT["paths"].values() for op in operations.values()
    ]
    served = [method for method in CONTRACT.methods if CONTRACT.rules[method.path]]
    assert sorted(described) == sorted(m.name[0].lower() + m.name[1:] for m in served)


def test_what_the_contract_comments_is_said() -> None:
    get = operation("get", "/v1/orders/{order}")
    assert get["summary"] == "Returns one order with its lines"
    assert get["x-permission"] == "sales.orders.read"
    quantity = DOCUMENT["components"]["schemas"]["OrderLine"]["properties"]["quantity"]
    assert quantity["type"] == "string"
    assert quantity["description"].startswith("How many of the product's unit")


def test_parameters_come_from_path_query_and_headers() -> None:
    listed = operation("get", "/v1/customers/{customer}/touchpoints")
    names = {p["name"]: p["in"] for p in listed["parameters"] if "name" in p}
    assert names["customer"] == "path"
    assert names["pageSize"] == "query"
    cancelled = operation("post", "/v1/orders/{order}:cancel")
    references = [p.get("$ref", "") for p in cancelled["parameters"]]
    assert "#/components/parameters/IfMatch" in references
    assert "#/components/parameters/IdempotencyKey" in references


def headers(described: dict[str, Any]) -> set[str]:
    """The headers that an operation takes."""
    shared = DOCUMENT["components"]["parameters"]
    references = [p["$ref"].rpartition("/")[2] for p in described["parameters"] if "$ref" in p]
    return {shared[name]["name"] for name in references}


def test_headers_that_a_caller_may_send_are_said_where_they_mean_something() -> None:
    assert headers(operation("get", "/v1/customers/{customer}/facts")) == {
        "X-Consistency",
        "X-Timeout",
        "X-Request-Id",
    }
    assert headers(operation("post", "/v1/customers")) == {
        "Idempotency-Key",
        "X-Timeout",
        "X-Request-Id",
    }
    every = [each for there in DOCUMENT["paths"].values() for each in there.values()]
    assert all({"X-Timeout", "X-Request-Id"} <= headers(each) for each in every)


def test_a_date_in_a_query_is_one_text() -> None:
    parameters = operation("get", "/v1/customers/{customer}/prediction")["parameters"]
    as_of = [p for p in parameters if p.get("name", "").startswith("asOf")]
    assert [(p["name"], p["schema"]["format"]) for p in as_of] == [("asOf", "date")]


def test_what_the_path_says_is_not_asked_for_in_the_body_again() -> None:
    body = operation("post", "/v1/orders/{order}:cancel")["requestBody"]
    assert body["content"]["application/json"]["schema"] == ref("CancelOrderRequest")
    schema = DOCUMENT["components"]["schemas"]["CancelOrderRequest"]
    assert "name" not in schema["properties"]
    assert "reason" in schema["properties"]


def test_limits_and_read_only_fields_are_said() -> None:
    customer = DOCUMENT["components"]["schemas"]["Customer"]["properties"]
    assert customer["displayName"]["maxLength"] == 200
    assert customer["createTime"] == {
        "type": "string",
        "format": "date-time",
        "description": "When the record was created.",
        "readOnly": True,
    }


def test_names_are_those_a_person_would_choose() -> None:
    names = set(DOCUMENT["components"]["schemas"])
    assert {"Customer", "CustomerKind", "Money", "ListCustomersResponse", "OrderLine"} <= names
    assert all(name.isalpha() and name[0].isupper() for name in names)
    assert operation("get", "/v1/customers")["operationId"] == "listCustomers"


def test_a_reply_requires_nothing_that_a_view_leaves_out() -> None:
    assert schema("Order")["required"] == ["name"]
    assert "required" not in schema("OrderLine")
    assert "required" not in schema("ListOrdersResponse")


def test_a_request_requires_what_the_contract_does_and_has_nothing_of_the_servers() -> None:
    created = operation("post", "/v1/orders")["requestBody"]["content"]["application/json"]
    assert created["schema"] == ref("OrderInput")
    assert schema("OrderInput")["required"] == ["currencyCode"]
    assert not {"createTime", "state", "netAmount"} & set(schema("OrderInput")["properties"])
    assert schema("OrderInput")["properties"]["lines"]["items"] == ref("OrderLineInput")
    assert {"createTime", "state", "netAmount"} <= set(schema("Order")["properties"])


def test_a_change_requires_nothing() -> None:
    changed = operation("patch", "/v1/products/{product}")["requestBody"]["content"]
    assert changed["application/json"]["schema"] == ref("ProductPatch")
    assert "required" not in schema("ProductPatch")
    assert "displayName" in schema("ProductInput")["required"]


def test_what_looks_the_same_everywhere_has_one_schema() -> None:
    assert "MoneyInput" not in DOCUMENT["components"]["schemas"]
    price = schema("OrderLineInput")["properties"]["unitPrice"]
    assert price["$ref"] == schema("OrderLine")["properties"]["unitPrice"]["$ref"]


def test_every_reference_leads_somewhere() -> None:
    components = DOCUMENT["components"]
    for reference in references(DOCUMENT):
        _, _, kind, name = reference.split("/")
        assert name in components[kind]


def references(part: Any) -> Iterator[str]:
    for key, value in part.items() if isinstance(part, dict) else enumerate(part):
        if key == "$ref":
            yield value
        elif isinstance(value, dict | list):
            yield from references(value)


def test_a_body_is_required_where_something_in_it_is() -> None:
    cancel = operation("post", "/v1/orders/{order}:cancel")["requestBody"]
    batch = operation("post", "/v1/orders:batchCreate")["requestBody"]
    assert (cancel["required"], batch["required"]) == (False, True)


def test_errors_have_types() -> None:
    assert schema("Error")["properties"]["error"] == ref("ErrorBody")
    assert "reason" in schema("ErrorDetail")["properties"]


def test_files_are_bytes_of_any_type() -> None:
    document = openapi_document(probe_contract())
    file = {"schema": {"type": "string", "format": "binary"}}
    upload = document["paths"]["/v1/files/{file}:upload"]["post"]
    assert upload["requestBody"]["content"] == {"application/octet-stream": file}
    assert [p["name"] for p in upload["parameters"] if "name" in p] == ["file", "comment"]
    for path in ("/v1/files/{file}:download", "/v1/files/{file}:export"):
        answer = document["paths"][path]["get"]["responses"]["200"]
        assert answer["content"] == {"application/octet-stream": file}
    assert list(OpenAPIV31SpecValidator(document).iter_errors()) == []


class TestNames:
    def test_two_types_of_one_name_are_told_apart_by_their_service(self) -> None:
        types = [("guanxi.sales.v1.Report", ""), ("guanxi.insight.v1.Report", ""), ("a.b.X", "")]
        assert list(schema_names(types, ()).values()) == ["X", "InsightReport", "SalesReport"]

    def test_if_that_is_not_enough_by_their_package(self) -> None:
        types = [("guanxi.sales.v1.Report", ""), ("guanxi.sales.v2.Report", "")]
        assert set(schema_names(types, ()).values()) == {
            "GuanxiSalesV1Report",
            "GuanxiSalesV2Report",
        }

    def test_an_ending_can_clash_with_a_name(self) -> None:
        types = [("guanxi.sales.v1.Order", "Input"), ("guanxi.insight.v1.OrderInput", "")]
        assert schema_names(types, ()) == {
            ("guanxi.insight.v1.OrderInput", ""): "InsightOrderInput",
            ("guanxi.sales.v1.Order", "Input"): "SalesOrderInput",
        }

    def test_what_is_taken_is_not_given_again(self) -> None:
        assert list(schema_names([("guanxi.sales.v1.Error", "")], ["Error"]).values()) == [
            "SalesError"
        ]

    def test_two_methods_of_one_name_are_told_apart_by_their_service(self) -> None:
        methods = ["guanxi.sales.v1.QuoteService.Send", "guanxi.sales.v1.InvoiceService.Send"]
        assert set(operation_ids(methods).values()) == {"quoteSend", "invoiceSend"}

    def test_names_do_not_hang_on_the_order_of_the_contracts(self) -> None:
        types = [(f"guanxi.{owner}.v1.Report", "") for owner in ("sales", "insight", "customer")]
        assert schema_names(types, ()) == schema_names(reversed(types), ())


def test_a_stream_is_described_as_one() -> None:
    content = operation("get", "/v1/alerts:watch")["responses"]["200"]["content"]
    assert list(content) == ["text/event-stream", "application/x-ndjson"]


@pytest.mark.parametrize(
    ("template", "path"),
    [
        ("/v1/{name=orders/*}:cancel", "/v1/orders/{order}:cancel"),
        ("/v1/{parent=categories/*}/products", "/v1/categories/{category}/products"),
        ("/v1/{name=customers/*/facts}", "/v1/customers/{customer}/facts"),
        ("/v1/files/{path=**}", "/v1/files/{path}"),
        ("/v1/{id}", "/v1/{id}"),
    ],
)
def test_a_template_becomes_a_path_with_named_parts(template: str, path: str) -> None:
    assert openapi_path(parse_template(template))[0] == path
