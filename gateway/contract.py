"""What the gateway reads at start beyond the chassis' catalogue: HTTP bindings and message types.

Nothing about the API is written anywhere else in the gateway.
"""

import importlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from google.api import annotations_pb, http_pb
from protobuf import DescFile, Registry, wkt

from services.chassis.descriptors import Catalogue, ContractError, Method, load_catalogue

__all__ = [
    "Contract",
    "ContractError",
    "HttpRule",
    "Method",
    "contract_of",
    "load_contract",
    "owner_of",
]

# These travel inside `Any`, so a contract need not import them.
_DETAILS = "google/rpc/error_details.proto"
_WELL_KNOWN = (
    wkt.Any,
    wkt.BoolValue,
    wkt.BytesValue,
    wkt.DoubleValue,
    wkt.Duration,
    wkt.Empty,
    wkt.FieldMask,
    wkt.FloatValue,
    wkt.Int32Value,
    wkt.Int64Value,
    wkt.ListValue,
    wkt.StringValue,
    wkt.Struct,
    wkt.Timestamp,
    wkt.UInt32Value,
    wkt.UInt64Value,
    wkt.Value,
)


@dataclass(frozen=True, slots=True)
class HttpRule:
    """One HTTP binding of a method, as its `google.api.http` option says it."""

    method: str
    path: str
    body: str


@dataclass(frozen=True, slots=True)
class Contract:
    """The suite's API: its public methods, their HTTP bindings by gRPC path, and every type."""

    catalogue: Catalogue
    methods: tuple[Method, ...]
    rules: Mapping[str, tuple[HttpRule, ...]]
    types: Registry


def load_contract(path: Path | None = None) -> Contract:
    """Reads the descriptor set that `make protos` builds, or the one named.

    Raises ContractError for a method whose contract is incomplete or asks for what the gateway
    doesn't do.
    """
    return contract_of(load_catalogue(path))


def contract_of(catalogue: Catalogue) -> Contract:
    """The contract of a catalogue whose modules have been generated."""
    files = [file.name for file in catalogue.files.file if file.package.startswith("guanxi.")]
    types = _types(files)
    methods = tuple(method for method in catalogue.methods.values() if not method.internal)
    rules = {method.path: tuple(_rules(method, types)) for method in methods}
    return Contract(catalogue, methods, rules, types)


def owner_of(method: Method) -> str:
    """The deployable that serves a method: `sales` for `guanxi.sales.v1.OrderService`."""
    return method.service.split(".")[1]


def _types(files: list[str]) -> Registry:
    registry = Registry(*_WELL_KNOWN)
    for name in [*files, _DETAILS]:
        module = importlib.import_module(name.removesuffix(".proto").replace("/", ".") + "_pb")
        registry.add(cast(DescFile, module.desc()))
    return registry


def _rules(method: Method, types: Registry) -> Iterator[HttpRule]:
    service = types.service(method.service)
    described = (
        next((m for m in service.methods if m.name == method.name), None) if service else None
    )
    if described is None or described.proto.options is None:
        return
    if annotations_pb.ext_http not in described.proto.options:
        return
    if method.client_streaming:
        raise ContractError(f"{method.full_name}: a client stream can't be served over HTTP")
    rule = described.proto.options[annotations_pb.ext_http]
    for binding in (rule, *rule.additional_bindings):
        yield _rule(method, binding)


def _rule(method: Method, rule: http_pb.HttpRule) -> HttpRule:
    pattern = rule.pattern
    if pattern is None or pattern.field == "custom":
        raise ContractError(
            f"{method.full_name}: only get, put, post, delete and patch are supported"
        )
    if rule.response_body:
        raise ContractError(f"{method.full_name}: response_body is not supported")
    return HttpRule(pattern.field.upper(), pattern.value, rule.body)
