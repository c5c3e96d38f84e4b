"""Clients that others generate from /openapi.json, in Python and in TypeScript: they compile, their
names are a person's, and they work against a suite that runs."""

from __future__ import annotations

import importlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.clients import python_client, run_node, typescript_program
from tests.support.suite import Suite, new_suite

SOURCES = Path(__file__).parent / "clients"


@pytest.fixture(scope="module")
def suite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Suite]:
    suite = new_suite(tmp_path_factory.mktemp("clients") / "data")
    suite.migrate("customer", "sales")
    try:
        suite.start("customer", "sales", "gateway")
        yield suite
    finally:
        suite.stop()


@pytest.fixture(scope="module")
def document(suite: Suite, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("document") / "openapi.json"
    path.write_text(json.dumps(suite.get("/openapi.json")), "utf-8")
    return path


@pytest.fixture(scope="module")
def client(suite: Suite, document: Path, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A client in Python, signed in."""
    made = python_client(document, tmp_path_factory.mktemp("python"))
    return made.AuthenticatedClient(base_url=f"http://{suite.rest}", token=suite.keys.api_key)


@pytest.fixture(scope="module")
def seen(suite: Suite, document: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What a program in TypeScript saw."""
    program = typescript_program(document, SOURCES, tmp_path_factory.mktemp("typescript"))
    variables = {"GUANXI_ADDRESS": suite.rest, "GUANXI_API_KEY": suite.keys.api_key}
    seen: dict[str, Any] = run_node(program / "use_client.js", variables)
    return seen


class TestPython:
    def call(self, client: Any, operation: str, *arguments: Any, **named: Any) -> Any:
        module = importlib.import_module(f"guanxi_client.api.customer_service.{operation}")
        return module.sync(*arguments, client=client, **named)

    def test_what_is_created_is_read_listed_and_changed(self, client: Any) -> None:
        models = importlib.import_module("guanxi_client.models")
        for number in range(3):
            made = self.call(
                client,
                "create_customer",
                customer_id=f"py-{number}",
                body=models.CustomerInput(
                    display_name=f"Snake {number}", kind=models.CustomerKind.PERSON
                ),
            )
            assert made.name == f"customers/py-{number}"
        got = self.call(client, "get_customer", "py-1")
        assert (got.display_name, got.kind) == ("Snake 1", models.CustomerKind.PERSON)
        assert got.create_time.tzinfo is not None
        changed = self.call(
            client,
            "update_customer",
            "py-1",
            body=models.CustomerPatch(region="DE", etag=got.etag),
        )
        assert (changed.region, changed.display_name) == ("DE", "Snake 1")
        names, token = [], ""
        while True:
            page = self.call(
                client,
                "list_customers",
                page_size=2,
                page_token=token,
                filter_='display_name = "Snake *"',
            )
            names += [each.name for each in page.customers]
            token = page.next_page_token
            if not token:
                break
        assert sorted(names) == ["customers/py-0", "customers/py-1", "customers/py-2"]

    def test_an_error_comes_with_its_details(self, client: Any) -> None:
        models = importlib.import_module("guanxi_client.models")
        missing = self.call(client, "get_customer", "nobody")
        assert isinstance(missing, models.Error)
        assert (missing.error.code, missing.error.status) == (404, "NOT_FOUND")
        assert missing.error.details[0].reason == "NOT_FOUND"
        wrong = self.call(
            client, "create_customer", body=models.CustomerInput(display_name="x" * 201)
        )
        violations = [each.field_violations for each in wrong.error.details]
        assert "customer.display_name" in str(violations)


class TestTypeScript:
    def test_what_is_created_is_read_and_changed(self, seen: dict[str, Any]) -> None:
        assert seen["made"] == ["customers/ts-1", "customers/ts-2", "customers/ts-3"]
        assert seen["got"]["displayName"] == "Typed ts-1"
        assert [each["address"] for each in seen["got"]["emails"]] == ["ts-1@example.org"]
        assert (seen["changed"]["region"], seen["changed"]["displayName"]) == ("DE", "Typed ts-1")

    def test_a_list_is_read_page_by_page(self, seen: dict[str, Any]) -> None:
        assert sorted(seen["everyone"]) == seen["made"]

    def test_an_error_comes_with_its_details(self, seen: dict[str, Any]) -> None:
        assert seen["missing"]["error"]["details"][0]["reason"] == "NOT_FOUND"
        assert [violation["field"] for violation in seen["wrong"]] == ["kind"]
