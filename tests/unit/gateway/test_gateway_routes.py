"""The route table: which path leads where, with what taken from it."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.routes import AmbiguousRoute, Match, Route, RouteTable, decode_segment, decode_segments
from gateway.templates import parse_template
from gateway.transcode.query import parse_query
from tests.support.http_rules import public_cases

# The characters that the public suite's modes keep escaped in a variable of several segments.
KEPT = {
    "kAllCharacters": "",
    "kAllCharactersExceptReserved": "!#$&'()*+,/:;=?@[]",
    "kAllCharactersExceptSlash": "/",
}
OWN: list[dict[str, Any]] = [
    {
        "id": "names, collections and verbs",
        "options": {"match_unregistered_custom_verb": True},
        "routes": [
            {"id": "list", "method": "GET", "template": "/v1/orders"},
            {"id": "get", "method": "GET", "template": "/v1/{name=orders/*}"},
            {"id": "cancel", "method": "POST", "template": "/v1/{name=orders/*}:cancel"},
            {"id": "batch", "method": "POST", "template": "/v1/orders:batchCreate"},
            {"id": "touches", "method": "GET", "template": "/v1/{parent=customers/*}/touchpoints"},
            {"id": "facts", "method": "GET", "template": "/v1/{name=customers/*/facts}"},
        ],
        "requests": [
            {"method": "GET", "path": "/v1/orders", "match": "list", "bindings": []},
            {
                "method": "GET",
                "path": "/v1/orders/42",
                "match": "get",
                "bindings": [["name", "orders/42"]],
            },
            {
                "method": "POST",
                "path": "/v1/orders/42:cancel",
                "match": "cancel",
                "bindings": [["name", "orders/42"]],
            },
            {"method": "POST", "path": "/v1/orders:batchCreate", "match": "batch", "bindings": []},
            {
                "method": "GET",
                "path": "/v1/customers/-/touchpoints",
                "match": "touches",
                "bindings": [["parent", "customers/-"]],
            },
            {
                "method": "GET",
                "path": "/v1/customers/ann/facts",
                "match": "facts",
                "bindings": [["name", "customers/ann/facts"]],
            },
            {"method": "GET", "path": "/v1/orders/", "match": None, "bindings": []},
            {"method": "GET", "path": "/v1/orders/42:", "match": None, "bindings": []},
            {"method": "GET", "path": "/v1/orders:", "match": None, "bindings": []},
            {"method": "POST", "path": "/v1/orders/42:cancel:", "match": None, "bindings": []},
            {"method": "GET", "path": "/v1/orders/42:refund", "match": None, "bindings": []},
            {"method": "GET", "path": "/v1/orders/42/lines", "match": None, "bindings": []},
            {"method": "DELETE", "path": "/v1/orders", "match": None, "bindings": []},
        ],
    },
    {
        "id": "an encoded slash stays inside its segment",
        "options": {},
        "routes": [{"id": "get", "method": "GET", "template": "/v1/{name=orders/*}"}],
        "requests": [
            {
                "method": "GET",
                "path": "/v1/orders/a%2Fb%20c",
                "match": "get",
                "bindings": [["name", "orders/a%2Fb c"]],
            }
        ],
    },
]
CASES = OWN + public_cases("path_match")


@pytest.mark.parametrize("case", CASES, ids=[case["id"] for case in CASES])
def test_a_path_leads_to_the_most_specific_route(case: dict[str, Any]) -> None:
    table = table_of(case)
    for request in case["requests"]:
        found = table.match(request["method"], path_of(request)) if table is not None else None
        assert (found and found.route.label) == request["match"], request
        if found is not None and request["bindings"] is not None:
            assert bindings(found, request, case) == request["bindings"]
        if found is not None and "body_field_path" in request:
            assert found.route.target["body"] == request["body_field_path"]


def test_two_templates_of_one_shape_are_refused_and_both_are_named() -> None:
    routes = [
        Route("GET", parse_template("/v1/{name=orders/*}"), 1, "Orders.Get"),
        Route("GET", parse_template("/v1/orders/{id}"), 2, "Orders.Find"),
    ]
    with pytest.raises(AmbiguousRoute, match=r"Orders\.Get .* and Orders\.Find .*"):
        RouteTable(routes)


def test_the_table_says_under_which_methods_a_path_exists() -> None:
    table = RouteTable(
        [
            Route("GET", parse_template("/v1/{name=orders/*}"), 1, "get"),
            Route("PATCH", parse_template("/v1/{order.name=orders/*}"), 2, "update"),
        ]
    )
    assert table.allowed("/v1/orders/1") == ["GET", "PATCH"]
    assert table.allowed("/v1/customers/1") == []


def test_text_that_is_not_utf8_is_an_error_and_not_a_guess() -> None:
    with pytest.raises(UnicodeDecodeError):
        decode_segment("%ff")
    with pytest.raises(UnicodeDecodeError):
        decode_segments("a/%ff")


def table_of(case: dict[str, Any]) -> RouteTable[dict[str, Any]] | None:
    """None where the table refuses to start: two routes for one path."""
    routes = [Route(r["method"], parse_template(r["template"]), r, r["id"]) for r in case["routes"]]
    strict = case["options"].get("match_unregistered_custom_verb", False)
    try:
        return RouteTable(routes, colon_is_verb=strict)
    except AmbiguousRoute:
        return None


def path_of(request: dict[str, Any]) -> str:
    if "path_repeat" in request:
        part = request["path_repeat"]
        return str(part["prefix"] + part["char"] * part["count"] + part["suffix"])
    return str(request["path"]).partition("?")[0]


def bindings(
    found: Match[dict[str, Any]], request: dict[str, Any], case: dict[str, Any]
) -> list[list[str]]:
    kept = KEPT[case["options"].get("unescape", "kAllCharactersExceptSlash")]
    path = [
        [v.field_path, decode_segments(raw, kept) if v.multi_segment else decode_segment(raw)]
        for v, raw in zip(found.route.template.variables, found.captures, strict=True)
    ]
    plus = " " if case["options"].get("query_param_unescape_plus") else "+"
    ours = found.route.target.get("system_params", ())
    query = parse_query(request.get("query", ""), plus)
    return path + [[key, text] for key, text in query if key not in ours]
