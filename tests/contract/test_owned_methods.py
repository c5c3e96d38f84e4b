"""What a contract calls OWNED is limited to its owners' rows: no slice serves it from a table that
nobody owns."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType

import pytest
from google.protobuf import descriptor_pool
from google.protobuf.descriptor import Descriptor
from guanxi.options.v1 import options_pb2
from sqlalchemy import Column, MetaData, Table

from services.chassis.descriptors import DataScope, load_catalogue
from services.chassis.records import Records
from services.chassis.store import Name, OfCustomer, Owned, Shared, Through

SERVICES = ("customer", "sales", "insight")
# Tables of the company that OWNED methods serve, and what is limited to the caller's rows instead.
OF_THE_COMPANY = {"rules": "whom a rule matches, and how many"}
# Personal, and no customer's: everybody may know whom they work with.
OF_COLLEAGUES = {"User.display_name", "User.email"}


def owned_slices() -> Iterator[str]:
    """The folders of the contracts that have a method with the data scope OWNED."""
    catalogue = load_catalogue()
    for file in catalogue.files.file:
        methods = [
            catalogue.methods[f"/{file.package}.{service.name}/{method.name}"]
            for service in file.service
            for method in service.method
            if file.package.startswith("guanxi.")
        ]
        name = file.package.removeprefix("guanxi.").removesuffix(".v1")
        owned = any(method.data_scope is DataScope.OWNED for method in methods)
        if owned and name in SERVICES:
            yield f"services.{name}.{Path(file.name).stem}"


def is_owned(table: Table) -> bool:
    """Whether it says whose its rows are, or as which others they are seen."""
    return isinstance(table.info.get("sight"), Owned | Through | OfCustomer)


def unowned(slice_: str) -> list[str]:
    """The tables that an OWNED method could show to anybody."""
    store = f"{slice_}.store"
    kept = modules_of(store) if find_spec(store) else ()
    served = [table for module in kept for table in recorded_in(module)]
    if served:
        tables = {table.name for table in served if not is_owned(table)} - OF_THE_COMPANY.keys()
        return sorted(tables)
    reached = {table for module in reached_from(slice_) for table in tables_in(module)}
    return [] if any(map(is_owned, reached)) else [f"none of {len(reached)} tables is owned"]


@pytest.mark.parametrize("slice_", sorted(owned_slices()))
def test_an_owned_method_is_served_from_a_table_with_an_owner(slice_: str) -> None:
    assert unowned(slice_) == []


def test_every_service_has_owned_methods_to_check() -> None:
    assert {name.split(".")[1] for name in owned_slices()} == set(SERVICES)


def test_a_table_is_owned_by_what_it_says() -> None:
    metadata = MetaData()
    for number, sight in enumerate((Owned("a"), Through("a", "b"), OfCustomer("a", "b"))):
        assert is_owned(Table(f"t{number}", metadata, Column("a", Name), info={"sight": sight}))
    assert not is_owned(Table("shared", metadata, Column("a", Name), info={"sight": Shared()}))
    assert not is_owned(Table("unsaid", metadata, Column("a", Name)))


def shown_of_customers(message: Descriptor, seen: frozenset[str] = frozenset()) -> set[str]:
    """Fields of a reply, at any depth, that name a customer or hold something personal."""
    found = set()
    for field in message.fields:
        personal = field.GetOptions().Extensions[options_pb2.personal]
        if personal or field.name in ("customer", "customers", "aggregate_id"):
            found.add(f"{message.name}.{field.name}")
        inner = field.message_type
        if inner is not None and inner.full_name not in seen:
            found |= shown_of_customers(inner, seen | {message.full_name})
    return found - OF_COLLEAGUES


def test_what_is_shared_shows_no_customer() -> None:
    catalogue = load_catalogue()
    for file in catalogue.files.file:
        if file.package.startswith("guanxi."):
            import_module(f"{file.name.removesuffix('.proto').replace('/', '.')}_pb2")
    pool = descriptor_pool.Default()
    shown = {
        method.full_name: shown_of_customers(pool.FindMessageTypeByName(method.response_type))
        for method in catalogue.methods.values()
        if method.data_scope is DataScope.SHARED and not method.internal
    }
    assert len(shown) >= 10
    assert {method for method, fields in shown.items() if fields} == set()


def modules_of(package: str) -> Iterator[ModuleType]:
    """The package, and what lies in it at any depth."""
    module = import_module(package)
    yield module
    for folder in getattr(module, "__path__", ()):
        for path in sorted(Path(folder).iterdir()):
            name = f"{package}.{path.stem}"
            # Neither the package itself nor the folder of its bytecode.
            if not path.stem.startswith("__") and path.stem.isidentifier() and find_spec(name):
                yield from modules_of(name)


def reached_from(slice_: str) -> set[ModuleType]:
    """The modules of its service that a slice knows, directly or through others."""
    service = slice_.rpartition(".")[0]
    reached: set[ModuleType] = set()
    waiting = list(modules_of(slice_))
    while waiting:
        module = waiting.pop()
        if module not in reached:
            reached.add(module)
            waiting += imported_by(module, service)
    return reached


def imported_by(module: ModuleType, service: str) -> Iterator[ModuleType]:
    for node in ast.walk(ast.parse(Path(module.__file__ or "").read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(f"{service}."):
            imported = import_module(node.module or "")
            yield imported
            named = (getattr(imported, each.name) for each in node.names)
            yield from (each for each in named if isinstance(each, ModuleType))


def recorded_in(module: ModuleType) -> Iterator[Table]:
    return (each.table for each in vars(module).values() if isinstance(each, Records))


def tables_in(module: ModuleType) -> Iterator[Table]:
    return (each for each in vars(module).values() if isinstance(each, Table))
