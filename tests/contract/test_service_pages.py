"""The page of a service names what it serves, keeps, tells and refuses for."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest
from google.protobuf.descriptor import Descriptor, FileDescriptor, ServiceDescriptor
from google.protobuf.descriptor_pb2 import FileDescriptorSet
from google.protobuf.descriptor_pool import Default
from sqlalchemy import MetaData

from services.chassis.errors import Kind
from services.chassis.store import chassis_tables, new_metadata
from tests.support.reasons import REASON, reasons_of, trees

ROOT = Path(__file__).parents[2]
SERVICES = ("customer", "sales", "insight")
CODE = re.compile(r"`([^`\n]+)`")

pytestmark = pytest.mark.parametrize("service", SERVICES)


def named_in(service: str, part: str = "") -> set[str]:
    """What stands in backticks on a service's page, or in a part of it by its heading."""
    page = (ROOT / "services" / service / "README.md").read_text("utf-8")
    if part:
        page = page.partition(f"\n## {part}\n")[2].partition("\n## ")[0]
        assert page, f"the page has no part {part!r}"
    return set(CODE.findall(page))


def test_it_names_the_services_of_its_contracts(service: str) -> None:
    served = {each.name for each in services_of(service)}
    assert served
    assert sorted(served - named_in(service)) == []


def test_it_names_its_tables(service: str) -> None:
    import_module(f"services.{service}.main")
    metadata: MetaData = import_module(f"services.{service}.metadata").metadata
    chassis = new_metadata()
    chassis_tables(chassis)
    own = metadata.tables.keys() - chassis.tables.keys()
    assert own
    assert sorted(own - named_in(service)) == []


def test_it_names_its_events(service: str) -> None:
    events = set(events_of(service))
    assert events
    assert sorted(events - named_in(service, "Events")) == []


def test_it_names_the_reasons_that_it_refuses_for(service: str) -> None:
    reasons = reasons_in(f"services/{service}")
    assert reasons
    assert sorted(reasons - named_in(service, "Reasons it refuses for")) == []


def test_it_names_no_reason_that_nobody_has(service: str) -> None:
    there = reasons_in(f"services/{service}") | reasons_in("services/chassis") | {*Kind}
    named = {each for each in named_in(service, "Reasons it refuses for") if REASON.fullmatch(each)}
    named -= {each for each in named if each.startswith("GUANXI_")}  # a setting
    assert sorted(named - there) == []


def reasons_in(folder: str) -> set[str]:
    return {reason for tree in trees(folder) for reason in reasons_of(tree)}


def contracts_of(service: str) -> Iterator[FileDescriptor]:
    contracts = FileDescriptorSet.FromString((ROOT / "gen/guanxi.binpb").read_bytes())
    for file in contracts.file:
        if file.package == f"guanxi.{service}.v1":
            import_module(file.name.replace("/", ".").replace(".proto", "_pb2"))
            yield Default().FindFileByName(file.name)


def services_of(service: str) -> list[ServiceDescriptor]:
    return [each for file in contracts_of(service) for each in file.services_by_name.values()]


def events_of(service: str) -> Iterator[str]:
    """The messages that no method takes or gives: what is left to be told."""
    asked: set[str] = set()
    for each in services_of(service):
        for method in each.methods:
            _reach(method.input_type, asked)
            _reach(method.output_type, asked)
    for file in contracts_of(service):
        for name, message in file.message_types_by_name.items():
            if message.full_name not in asked:
                yield name


def _reach(message: Descriptor, found: set[str]) -> None:
    if message.full_name not in found:
        found.add(message.full_name)
        for field in message.fields:
            if field.message_type is not None:
                _reach(field.message_type, found)
