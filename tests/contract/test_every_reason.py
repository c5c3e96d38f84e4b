"""Nothing a caller can do or cause is without a test: every reason of an error, every method.

A reason counts as tested where a test of the same room expects it, a method where a contract test
of its service, or the desk such tests work at, takes it from a stub. What is missing is listed.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from google.protobuf.descriptor_pb2 import FileDescriptorSet, MethodDescriptorProto
from guanxi.options.v1 import options_pb2

from tests.support.reasons import reasons_of, trees

ROOT = Path(__file__).parents[2]
# A service's reasons reach its callers; the chassis' and the gateway's may be seen from nearer by.
ROOMS = {
    "services/chassis": ("tests/unit/chassis",),
    "services/customer": ("tests/contract/customer",),
    "services/sales": ("tests/contract/sales",),
    "services/insight": ("tests/contract/insight",),
    "gateway": ("tests/contract/gateway", "tests/unit/gateway"),
}
MAKERS = {
    "DomainError",
    "invalid",
    "failed_precondition",
    "already_exists",
    "unauthenticated",
    "unavailable",
}
# What the example below takes from here.
IMPORTED = "GIVEN_BY_IMPORT"
IMPORTED_WITH_ITS_MODULE = "GIVEN_BY_MODULE"


@pytest.mark.parametrize("room", ROOMS)
def test_every_reason_has_a_test(room: str) -> None:
    reasons = {reason for tree in trees(room) for reason in reasons_of(tree)}
    tested = {text for folder in ROOMS[room] for tree in trees(folder) for text in _spelled(tree)}
    assert reasons
    assert sorted(reasons - tested) == []


@pytest.mark.parametrize("service", ["customer", "sales", "insight", "gateway"])
def test_every_public_method_has_a_contract_test(service: str) -> None:
    methods = set(_public_methods(f"guanxi.{service}.v1"))
    called = {
        node.attr
        for tree in _contract_tests(service)
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
    }
    assert methods
    assert sorted(methods - called) == []


def test_a_reason_is_found_wherever_an_error_gets_it() -> None:
    source = """
from tests.contract import test_every_reason as named_elsewhere
from tests.contract.test_every_reason import IMPORTED as ELSEWHERE
_NOT_ALLOWED = "GIVEN_BY_CONSTANT"
TYPED: Final = "GIVEN_BY_TYPED_CONSTANT"
_UNUSED = "NO_REASON"
raise invalid("name", "GIVEN_IN_PLACE", "text")
self.fail("text", reason="GIVEN_BY_NAME")
self.fail("text", reason=_NOT_ALLOWED)
raise invalid("name", ELSEWHERE, TYPED if typed else "GIVEN_OTHERWISE")
raise failed_precondition(named_elsewhere.IMPORTED_WITH_ITS_MODULE, "text")
def fail(message, *, reason="GIVEN_BY_DEFAULT"): ...
people.expect("owner", row.owner)
people.expect_team("area", row.area)
ANSWER = b'{"reason":"WRITTEN_BEFOREHAND"}'
class State(StrEnum):
    NO_REASON = "NO_REASON"
"""
    assert set(reasons_of(ast.parse(source))) == {
        "GIVEN_BY_CONSTANT",
        "GIVEN_BY_TYPED_CONSTANT",
        "GIVEN_IN_PLACE",
        "GIVEN_BY_NAME",
        "GIVEN_OTHERWISE",
        "GIVEN_BY_DEFAULT",
        "WRITTEN_BEFOREHAND",
        "OWNER_UNKNOWN",
        "OWNER_INACTIVE",
        "AREA_UNKNOWN",
        IMPORTED,
        IMPORTED_WITH_ITS_MODULE,
    }


def _spelled(tree: ast.AST) -> Iterator[object]:
    """Every constant, but for those of errors that a test makes itself."""
    if isinstance(tree, ast.Constant):
        yield tree.value
    if not (isinstance(tree, ast.Call) and ast.unparse(tree.func) in MAKERS):
        for child in ast.iter_child_nodes(tree):
            yield from _spelled(child)


def _contract_tests(service: str) -> Iterator[ast.Module]:
    """The tests of a service, and the desks they work at: what they import of tests.support."""
    tests = trees(f"tests/contract/{service}")
    yield from tests
    support = {
        node.module.rpartition(".")[2]
        for tree in tests
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        and node.module
        and node.module.startswith("tests.support.")
    }
    for name in sorted(support):
        yield from trees("tests/support", f"{name}.py")


def _public_methods(package: str) -> Iterator[str]:
    contracts = FileDescriptorSet.FromString((ROOT / "gen/guanxi.binpb").read_bytes())
    for file in contracts.file:
        if file.package == package:
            for service in file.service:
                yield from (each.name for each in service.method if _is_public(each))


def _is_public(method: MethodDescriptorProto) -> bool:
    access = method.options.Extensions[options_pb2.access]
    return access.audience != options_pb2.AUDIENCE_INTERNAL
