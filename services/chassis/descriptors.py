"""What the contracts say about methods beyond their shape, read from descriptors at start.

Services read the methods they serve from the generated modules; the gateway reads the whole set,
with comments, from guanxi.binpb.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from functools import cache
from pathlib import Path

from google.protobuf import descriptor_pool
from google.protobuf.descriptor_pb2 import (
    DescriptorProto,
    EnumDescriptorProto,
    FileDescriptorProto,
    FileDescriptorSet,
    MethodDescriptorProto,
    ServiceDescriptorProto,
)
from guanxi.options.v1 import options_pb2

from services.chassis.errors import StartRefused

__all__ = [
    "Catalogue",
    "ContractError",
    "DataScope",
    "Idempotency",
    "Method",
    "load_catalogue",
    "methods_of",
]


class ContractError(StartRefused):
    """A contract is incomplete; the text names the method."""


class DataScope(Enum):
    """Which rows a method works on."""

    OWNED = options_pb2.DATA_SCOPE_OWNED
    SHARED = options_pb2.DATA_SCOPE_SHARED
    COMPANY = options_pb2.DATA_SCOPE_COMPANY


class Idempotency(Enum):
    """Whether a method may be sent again."""

    READ_ONLY = options_pb2.IDEMPOTENCY_READ_ONLY
    IDEMPOTENT = options_pb2.IDEMPOTENCY_IDEMPOTENT
    REQUEST_ID = options_pb2.IDEMPOTENCY_REQUEST_ID


@dataclass(frozen=True, slots=True)
class Method:
    """One method with everything its contract says about it; types are full message names."""

    service: str
    name: str
    request_type: str
    response_type: str
    client_streaming: bool
    server_streaming: bool
    permission: str
    data_scope: DataScope
    idempotency: Idempotency
    internal: bool

    @property
    def path(self) -> str:
        """As gRPC names it: `/guanxi.sales.v1.Orders/GetOrder`."""
        return f"/{self.service}/{self.name}"

    @property
    def full_name(self) -> str:
        """As descriptors and comments name it: `guanxi.sales.v1.Orders.GetOrder`."""
        return f"{self.service}.{self.name}"

    @property
    def may_be_retried(self) -> bool:
        """Whether sending it again without a request id changes nothing more."""
        return self.idempotency in (Idempotency.READ_ONLY, Idempotency.IDEMPOTENT)


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Every contract of the suite: methods by path, comments by full name, the files themselves."""

    files: FileDescriptorSet
    methods: Mapping[str, Method]
    comments: Mapping[str, str]


def methods_of(service: str) -> tuple[Method, ...]:
    """The methods of a service whose generated module is imported.

    Raises ContractError where a method does not say who may call it, on which rows and whether it
    may be repeated.
    """
    proto = ServiceDescriptorProto()
    try:
        descriptor_pool.Default().FindServiceByName(service).CopyToProto(proto)
    except KeyError:
        raise ContractError(f"the service {service} has no generated module") from None
    return tuple(_method(service, method) for method in proto.method)


def load_catalogue(path: Path | None = None) -> Catalogue:
    """Reads the descriptor set; the one packaged next to the generated modules by default."""
    return _packaged_catalogue() if path is None else _catalogue(path)


@cache
def _packaged_catalogue() -> Catalogue:
    """It never changes, is asked for by every channel, and takes 15 ms to read."""
    return _catalogue(_packaged())


def _catalogue(path: Path) -> Catalogue:
    descriptor_set = FileDescriptorSet.FromString(path.read_bytes())
    ours = [file for file in descriptor_set.file if file.package.startswith("guanxi.")]
    methods = {
        method.path: method
        for file in ours
        for service in file.service
        for method in (_method(f"{file.package}.{service.name}", m) for m in service.method)
    }
    comments = {name: text for file in ours for name, text in _comments(file)}
    return Catalogue(descriptor_set, methods, comments)


def _packaged() -> Path:
    """The set lies beside the package `guanxi` where it was built, and inside it in a wheel."""
    package = Path(options_pb2.__file__).parents[2]
    beside = package.with_suffix(".binpb")
    return beside if beside.exists() else package / beside.name


def _method(service: str, method: MethodDescriptorProto) -> Method:
    access = method.options.Extensions[options_pb2.access]
    try:
        data_scope, idempotency = DataScope(access.data_scope), Idempotency(access.idempotency)
    except ValueError:
        data_scope, idempotency = None, None
    if not access.permission or data_scope is None or idempotency is None:
        raise ContractError(
            f"{service}.{method.name} has no complete (guanxi.options.v1.access): "
            "it needs permission, data_scope and idempotency"
        )
    return Method(
        service=service,
        name=method.name,
        request_type=method.input_type.lstrip("."),
        response_type=method.output_type.lstrip("."),
        client_streaming=method.client_streaming,
        server_streaming=method.server_streaming,
        permission=access.permission,
        data_scope=data_scope,
        idempotency=idempotency,
        internal=access.audience == options_pb2.AUDIENCE_INTERNAL,
    )


# Field numbers in descriptor.proto, of which source paths are made.
_MESSAGES, _ENUMS, _SERVICES, _EXTENSIONS = 4, 5, 6, 7
_FIELDS, _NESTED, _NESTED_ENUMS, _ONEOFS = 2, 3, 4, 8
_VALUES = _METHODS = 2


def _comments(file: FileDescriptorProto) -> Iterator[tuple[str, str]]:
    names: dict[tuple[int, ...], str] = {}
    for i, message in enumerate(file.message_type):
        names.update(_message_names(message, file.package, (_MESSAGES, i)))
    for i, enum in enumerate(file.enum_type):
        names.update(_enum_names(enum, file.package, (_ENUMS, i)))
    for i, service in enumerate(file.service):
        full_name = f"{file.package}.{service.name}"
        names[(_SERVICES, i)] = full_name
        for j, method in enumerate(service.method):
            names[(_SERVICES, i, _METHODS, j)] = f"{full_name}.{method.name}"
    for i, extension in enumerate(file.extension):
        names[(_EXTENSIONS, i)] = f"{file.package}.{extension.name}"
    for location in file.source_code_info.location:
        name = names.get(tuple(location.path))
        if name and location.leading_comments:
            yield name, _text(location.leading_comments)


def _message_names(
    message: DescriptorProto, parent: str, path: tuple[int, ...]
) -> Iterator[tuple[tuple[int, ...], str]]:
    full_name = f"{parent}.{message.name}"
    yield path, full_name
    for i, field in enumerate(message.field):
        yield (*path, _FIELDS, i), f"{full_name}.{field.name}"
    for i, oneof in enumerate(message.oneof_decl):
        yield (*path, _ONEOFS, i), f"{full_name}.{oneof.name}"
    for i, nested in enumerate(message.nested_type):
        yield from _message_names(nested, full_name, (*path, _NESTED, i))
    for i, enum in enumerate(message.enum_type):
        yield from _enum_names(enum, full_name, (*path, _NESTED_ENUMS, i))


def _enum_names(
    enum: EnumDescriptorProto, parent: str, path: tuple[int, ...]
) -> Iterator[tuple[tuple[int, ...], str]]:
    """Values are named within their enum, so that equal values of two enums stay apart."""
    full_name = f"{parent}.{enum.name}"
    yield path, full_name
    for i, value in enumerate(enum.value):
        yield (*path, _VALUES, i), f"{full_name}.{value.name}"


def _text(comment: str) -> str:
    """The comment without its margin and without instructions to linters."""
    lines = [line.removeprefix(" ").rstrip() for line in comment.splitlines()]
    return "\n".join(line for line in lines if not line.startswith("buf:lint:")).strip()
