"""What every public or internal method must say of itself and of its request, checked when the
contracts are built.

The services' own start checks the same of the methods they serve; here it fails before anyone runs.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from google.protobuf.descriptor import Descriptor, FieldDescriptor, MethodDescriptor
from google.protobuf.descriptor_pb2 import FileDescriptorSet
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message_factory import GetMessageClass

OURS = "guanxi/"
OUTPUT_ONLY = 3  # of google.api.FieldBehavior
TEXTS = {FieldDescriptor.TYPE_STRING: "string", FieldDescriptor.TYPE_BYTES: "bytes"}
# Each of them bounds a text.
TEXT_BOUNDS = {"const", "in", "len", "len_bytes", "max_len", "max_bytes", "pattern"}


def broken_promises(descriptors: FileDescriptorSet) -> list[str]:
    """One sentence for each method whose options are missing or contradict each other."""
    pool = DescriptorPool()
    for file in descriptors.file:
        pool.Add(file)
    return [
        f"{method.full_name} {problem}"
        for file in descriptors.file
        if file.name.startswith(OURS)
        for service in pool.FindFileByName(file.name).services_by_name.values()
        for method in service.methods
        for problem in _problems(pool, method)
    ]


def _problems(pool: DescriptorPool, method: MethodDescriptor) -> Iterator[str]:
    options: Any = GetMessageClass(pool.FindMessageTypeByName("google.protobuf.MethodOptions"))()
    options.ParseFromString(method.GetOptions().SerializeToString())
    access = options.Extensions[pool.FindExtensionByName("guanxi.options.v1.access")]
    has_route = options.HasExtension(pool.FindExtensionByName("google.api.http"))
    if not access.permission:
        yield "states no permission"
    if not access.data_scope:
        yield "states no data scope"
    if not access.idempotency:
        yield "doesn't say whether it may be repeated"
    idempotency = access.DESCRIPTOR.fields_by_name["idempotency"].enum_type.values_by_number
    by_request_id = idempotency[access.idempotency].name == "IDEMPOTENCY_REQUEST_ID"
    if by_request_id and "request_id" not in method.input_type.fields_by_name:
        yield f"is repeated by request_id, which {method.input_type.name} lacks"
    audience = access.DESCRIPTOR.fields_by_name["audience"].enum_type.values_by_number
    internal = audience[access.audience].name == "AUDIENCE_INTERNAL"
    if internal and has_route:
        yield "is internal and has an HTTP route"
    if not internal and not has_route:
        yield "is public and has no HTTP route"
    own = _own(method, internal=internal)
    if access.permission and not access.permission.startswith(own):
        reads = idempotency[access.idempotency].name == "IDEMPOTENCY_READ_ONLY"
        if not reads or not _reads_beside(access.permission, own):
            yield f"asks for {access.permission}, which is not its own: {own}…"
    yield from _request_problems(pool, method.input_type, set())


def _own(method: MethodDescriptor, *, internal: bool) -> str:
    """With what its permissions begin: `customer.`, and its slice where a person asks."""
    service = f"{method.containing_service.full_name.split('.')[1]}."
    if internal:
        return service
    file = method.containing_service.file.name.rpartition("/")[2]
    return f"{service}{file.removesuffix('.proto')}."


def _reads_beside(permission: str, own: str) -> bool:
    """Whether it is what reading another slice of the same service takes: a search shows customers
    to whom a list shows them, and to nobody else."""
    service, *_, verb = permission.split(".")
    return service == own.partition(".")[0] and verb == "read"


def _request_problems(pool: DescriptorPool, message: Descriptor, seen: set[str]) -> Iterator[str]:
    """A request without a bound could take any amount of time and memory."""
    seen.add(message.full_name)
    for field in message.fields:
        # Others' messages state no bounds; the parts of a request are bounded in all.
        if field.full_name.startswith("guanxi."):
            yield from _field_problems(pool, field)
        inner = field.message_type
        if inner is not None and inner.full_name not in seen:
            yield from _request_problems(pool, inner, seen)


def _field_problems(pool: DescriptorPool, field: FieldDescriptor) -> Iterator[str]:
    options = _options_of(pool, field)
    rules = options.Extensions[pool.FindExtensionByName("buf.validate.field")]
    if field.is_repeated and not (
        rules.repeated.HasField("max_items") or rules.map.HasField("max_pairs")
    ):
        yield f"takes any number of {field.full_name}: give it max_items or max_pairs"
    if field.name == "page_size" and (
        rules.int32.WhichOneof("less_than") or rules.int32.gte or not rules.int32.HasField("gte")
    ):
        yield f"must refuse a negative {field.full_name}, and no other: gte is 0, without lte"
    if not _is_output_only(pool, options) and not all(map(_is_bounded, _texts_of(field, rules))):
        yield f"takes a text of any length as {field.full_name}: give it max_len or a pattern"


def _is_output_only(pool: DescriptorPool, options: Any) -> bool:
    try:
        behavior = pool.FindExtensionByName("google.api.field_behavior")
    except KeyError:
        return False  # no contract of this build uses it
    return OUTPUT_ONLY in options.Extensions[behavior]


def _texts_of(field: FieldDescriptor, rules: Any) -> Iterator[Any]:
    """What the contract says of each text that the field holds."""
    inner, outer = field.message_type, field.containing_type
    parts = [(field, rules.repeated.items if field.is_repeated else rules)]
    if inner is not None and inner.GetOptions().map_entry:
        key, value = inner.fields
        parts = [(key, rules.map.keys), (value, rules.map.values)]
    elif outer is not None and outer.GetOptions().map_entry:
        return  # the map has said it
    for part, said in parts:
        if part.type in TEXTS:
            yield getattr(said, TEXTS[part.type])


def _is_bounded(text_rules: Any) -> bool:
    return any(field.name in TEXT_BOUNDS for field, _ in text_rules.ListFields())


def _options_of(pool: DescriptorPool, field: FieldDescriptor) -> Any:
    options = GetMessageClass(pool.FindMessageTypeByName("google.protobuf.FieldOptions"))()
    options.ParseFromString(field.GetOptions().SerializeToString())
    return options
