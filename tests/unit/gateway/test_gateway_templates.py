"""Path templates: what they mean, and which are refused."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.templates import Template, TemplateError, parse_template
from tests.support.http_rules import public_cases

OWN: list[dict[str, Any]] = [
    {
        "id": "a resource name",
        "template": "/v1/{name=orders/*}",
        "valid": True,
        "segments": ["v1", "orders", "*"],
        "verb": "",
        "variables": [{"field_path": "name", "start": 1, "end": 3, "multi": False}],
    },
    {
        "id": "a field of a field, with a verb",
        "template": "/v1/{order.name=orders/*}:cancel",
        "valid": True,
        "segments": ["v1", "orders", "*"],
        "verb": "cancel",
        "variables": [{"field_path": "order.name", "start": 1, "end": 3, "multi": False}],
    },
    {
        "id": "everything below",
        "template": "/files/{path=**}/meta",
        "valid": True,
        "segments": ["files", "**", "meta"],
        "verb": "",
        "variables": [{"field_path": "path", "start": 1, "end": -2, "multi": True}],
    },
    {"id": "a trailing slash", "template": "/v1/orders/", "valid": False},
    {"id": "an open brace", "template": "/v1/{name", "valid": False},
    {"id": "a variable in a variable", "template": "/{a=b/{c}}", "valid": False},
    {"id": "a wildcard after all", "template": "/v1/**/orders/*", "valid": False},
    {"id": "no slash", "template": "v1/orders", "valid": False},
    {"id": "half a segment", "template": "/v1/a{name}", "valid": False},
    {"id": "a query", "template": "/a?b", "valid": False},
    {"id": "a fragment", "template": "/a#b", "valid": False},
    {"id": "half an escape", "template": "/%", "valid": False},
    {"id": "an escape", "template": "/a%20b", "valid": False},
    {"id": "a space", "template": "/a b", "valid": False},
    {"id": "a letter no URL has", "template": "/köln", "valid": False},
    {"id": "a control character", "template": "/a\n", "valid": False},
    {"id": "a verb no URL has", "template": "/{a}:b?c", "valid": False},
    {"id": "the folder above", "template": "/v1/../{a}", "valid": False},
    {"id": "the same folder", "template": "/v1/./a", "valid": False},
    {
        "id": "signs that a URL has",
        "template": "/v1/a-b_c~d.e!f$g@h",
        "valid": True,
        "segments": ["v1", "a-b_c~d.e!f$g@h"],
    },
    {"id": "the same field twice", "template": "/{a}/{a}", "valid": False},
]
CASES = OWN + public_cases("template_parse")


@pytest.mark.parametrize("case", CASES, ids=[case["id"] for case in CASES])
def test_a_template_is_read_as_the_grammar_says(case: dict[str, Any]) -> None:
    if not case["valid"]:
        with pytest.raises(TemplateError):
            parse_template(case["template"])
        return
    template = parse_template(case["template"])
    assert list(template.segments) == case["segments"]
    assert template.verb == case.get("verb", template.verb)
    if "variables" in case:
        assert [described(template, i) for i in range(len(template.variables))] == case["variables"]


def test_a_refusal_says_where_the_template_breaks() -> None:
    with pytest.raises(TemplateError, match="expected a field name at position 5"):
        parse_template("/v1/{}")


def described(template: Template, index: int) -> dict[str, Any]:
    """A variable in the words of the cases: with `**` in it, its end counts from the path's end."""
    variable = template.variables[index]
    several = "**" in template.segments[variable.start : variable.end]
    end = variable.end - len(template.segments) - 1 if several else variable.end
    return {
        "field_path": variable.field_path,
        "start": variable.start,
        "end": end,
        "multi": several,
    }
