"""What every public or internal method must say of itself and of its request, and every event of
what it tells, checked when the contracts are built.

The services' own start checks the same of the methods they serve; here it fails before anyone runs.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from google.protobuf.descriptor import Descriptor, FieldDescriptor, FileDescriptor, MethodDescriptor
from google.protobuf.descriptor_pb2 import FileDescriptorSet
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message_factory import GetMessageClass

OURS = "guanxi/"
OUTPUT_ONLY, IDENTIFIER = 3, 8  # of google.api.FieldBehavior
TEXTS = {FieldDescriptor.TYPE_STRING: "string", FieldDescriptor.TYPE_BYTES: "bytes"}
# Permissions whose verb says something else than what the methods do, and why.
VERBS_APART = {
    "events.feed.pull": "services read each other's logs, which no role with *.*.read is to do",
    "sales.people.administer": "who may bring in users decides who comes in: admins, by name alone",
}
# Each of them bounds a text.
TEXT_BOUNDS = {"const", "in", "len", "len_bytes", "max_len", "max_bytes", "pattern"}
# Each of them says what a text can be: a name, a code, a word of a list.
TEXT_FORMS = {"const", "in", "pattern"}


def broken_promises(descriptors: FileDescriptorSet) -> list[str]:
    """One sentence for each method and field whose options are missing or contradict each other."""
    pool = DescriptorPool()
    for file in descriptors.file:
        pool.Add(file)
    files = [pool.FindFileByName(each.name) for each in descriptors.file]
    ours = [each for each in files if each.name.startswith(OURS)]
    methods = [
        method
        for file in ours
        for service in file.services_by_name.values()
        for method in service.methods
    ]
    broken = [
        f"{each.full_name} {problem}" for each in methods for problem in _problems(pool, each)
    ]
    seen: set[str] = set()
    for event in _events(pool, ours, methods):
        broken += _undecided(pool, event, seen)
    return broken


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
    if access.permission:
        reads = idempotency[access.idempotency].name == "IDEMPOTENCY_READ_ONLY"
        yield from _permission_problems(method, access.permission, reads=reads, internal=internal)
    yield from _request_problems(pool, method.input_type, set())


def _permission_problems(
    method: MethodDescriptor, permission: str, *, reads: bool, internal: bool
) -> Iterator[str]:
    """Whose a permission is, and whether its verb is what the method does: roles are given
    `*.*.read` to look, and `.import` to create by the thousand."""
    own = _own(method, internal=internal)
    if not permission.startswith(own) and not (reads and _reads_beside(permission, own)):
        yield f"asks for {permission}, which is not its own: {own}…"
    if permission in VERBS_APART:
        return
    may_read = permission.endswith(".read")
    if reads and not may_read:
        yield f"only reads and asks for {permission}: it is to be a .read"
    if may_read and not reads:
        yield f"asks for {permission} and doesn't only read"
    if _creates_many(method) and not reads and not permission.endswith(".import"):
        yield f"creates many at once and asks for {permission}: it is to be an .import"


def _creates_many(method: MethodDescriptor) -> bool:
    items = method.input_type.fields_by_name.get("requests")
    item = items.message_type if items is not None else None
    return item is not None and "update_mask" not in item.fields_by_name


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
        if _is_ours(message):
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
    if not _behaves(options, pool, OUTPUT_ONLY) and not all(
        map(_is_bounded, _texts_of(field, rules))
    ):
        yield f"takes a text of any length as {field.full_name}: give it max_len or a pattern"


def _events(
    pool: DescriptorPool, files: Sequence[FileDescriptor], methods: Sequence[MethodDescriptor]
) -> Iterator[Descriptor]:
    """What no method takes or answers and nothing holds, and begins with a resource."""
    messages = [each for file in files for each in file.message_types_by_name.values()]
    used = {
        each.full_name for method in methods for each in (method.input_type, method.output_type)
    }
    used |= {field.message_type.full_name for field in _holding(messages)}
    for message in messages:
        first = message.fields_by_number.get(1)
        if first is None or first.message_type is None or message.full_name in used:
            continue
        parts = (_options_of(pool, each) for each in first.message_type.fields)
        if any(_behaves(each, pool, IDENTIFIER) for each in parts):
            yield message


def _holding(messages: Iterable[Descriptor]) -> Iterator[Any]:
    return (field for each in messages for field in each.fields if field.message_type is not None)


def _undecided(pool: DescriptorPool, message: Descriptor, seen: set[str]) -> Iterator[str]:
    """A text of any form that is told of leaves the feed for every reader, unless it is personal:
    that has to be decided, and forgetting isn't deciding."""
    seen.add(message.full_name)
    personal = pool.FindExtensionByName("guanxi.options.v1.personal")
    for field in message.fields:
        options = _options_of(pool, field)
        if _is_free_text(pool, field, options) and not options.HasExtension(personal):
            yield f"{field.full_name} is told of by events and doesn't say whether it is personal"
        inner = field.message_type
        if inner is not None and _is_ours(inner) and inner.full_name not in seen:
            yield from _undecided(pool, inner, seen)


def _is_free_text(pool: DescriptorPool, field: FieldDescriptor, options: Any) -> bool:
    if field.name == "etag" or _behaves(options, pool, IDENTIFIER):
        return False
    rules = options.Extensions[pool.FindExtensionByName("buf.validate.field")]
    texts = _texts_of(field, rules)
    return any(not TEXT_FORMS & {said.name for said, _ in text.ListFields()} for text in texts)


def _is_ours(message: Descriptor) -> bool:
    return message.full_name.startswith("guanxi.")


def _behaves(options: Any, pool: DescriptorPool, behavior: int) -> bool:
    try:
        extension = pool.FindExtensionByName("google.api.field_behavior")
    except KeyError:
        return False  # no contract of this build uses it
    return behavior in options.Extensions[extension]


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
