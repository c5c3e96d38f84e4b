"""The API's description: valid, complete, and saying what the contracts say."""

from __future__ import annotations

from typing import Any

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from gateway.openapi import openapi_document
from gateway.openapi.paths import openapi_path
from gateway.templates import parse_template
from tests.support.transcoding import CONTRACT

DOCUMENT: dict[str, Any] = openapi_document(CONTRACT)


def operation(method: str, path: str) -> dict[str, Any]:
    found: dict[str, Any] = DOCUMENT["paths"][path][method]
    return found


def test_it_is_valid_openapi_3_1() -> None:
    assert list(OpenAPIV31SpecValidator(DOCUMENT).iter_errors()) == []


def test_every_binding_of_a_public_method_is_in_it() -> None:
    described = {
        op["operationId"].split("_")[1]
        for operations in DOCUMENT["paths"].values()
        for op in operations.values()
    }
    assert described == {method.name for method in CONTRACT.methods if CONTRACT.rules[method.path]}


def test_what_the_contract_comments_is_said() -> None:
    get = operation("get", "/v1/orders/{order}")
    assert get["summary"] == "Returns one order with its lines"
    assert get["x-permission"] == "sales.orders.read"
    quantity = DOCUMENT["components"]["schemas"]["guanxi.sales.v1.OrderLine"]["properties"][
        "quantity"
    ]
    assert quantity["type"] == "string"
    assert quantity["description"].startswith("How many of the product's unit")


def test_parameters_come_from_path_query_and_headers() -> None:
    listed = operation("get", "/v1/customers/{customer}/touchpoints")
    names = {p["name"]: p["in"] for p in listed["parameters"]}
    assert names["customer"] == "path"
    assert names["pageSize"] == "query"
    cancelled = operation("post", "/v1/orders/{order}:cancel")
    references = [p.get("$ref", "") for p in cancelled["parameters"]]
    assert "#/components/parameters/IfMatch" in references
    assert "#/components/parameters/IdempotencyKey" in references


def test_a_date_in_a_query_is_one_text() -> None:
    parameters = operation("get", "/v1/customers/{customer}/prediction")["parameters"]
    as_of = [p for p in parameters if p["name"].startswith("asOf")]
    assert [(p["name"], p["schema"]["format"]) for p in as_of] == [("asOf", "date")]


def test_what_the_path_says_is_not_asked_for_in_the_body_again() -> None:
    body = operation("post", "/v1/orders/{order}:cancel")["requestBody"]
    schema = body["content"]["application/json"]["schema"]
    assert "name" not in schema["properties"]
    assert "reason" in schema["properties"]


def test_limits_and_read_only_fields_are_said() -> None:
    customer = DOCUMENT["components"]["schemas"]["guanxi.customer.v1.Customer"]["properties"]
    assert customer["displayName"]["maxLength"] == 200
    assert customer["createTime"] == {
        "type": "string",
        "format": "date-time",
        "description": "When the record was created.",
        "readOnly": True,
    }


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
