"""Requests that write a resource, and the same with other content: what walks over all methods of
the contracts take from descriptors."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from buf.validate import validate_pb2
from google.api.field_behavior_pb2 import FieldBehavior, field_behavior
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from guanxi.options.v1 import options_pb2

__all__ = [
    "another",
    "behaves",
    "changed_by",
    "is_resource",
    "item_of",
    "items_of",
    "pattern_of",
    "resource_field",
    "resources_of",
    "reworded",
    "written_fields",
]

_SERVERS_OWN = {FieldBehavior.OUTPUT_ONLY, FieldBehavior.IDENTIFIER}


def items_of(request: Any) -> list[Any]:
    """What a request asks for: itself, or the requests that are in it."""
    return list(request.requests) if "requests" in request.DESCRIPTOR.fields_by_name else [request]


def item_of(request: Descriptor) -> Descriptor:
    """The request that stands for one: itself, or that of which there are many in it."""
    items = request.fields_by_name.get("requests")
    kind = items.message_type if items is not None else None
    return request if kind is None else kind


def resource_field(request: Descriptor) -> FieldDescriptor | None:
    """The field that holds the resource that a request writes, if it does."""
    return next((each for each in request.fields if is_resource(each.message_type)), None)


def resources_of(reply: Any) -> list[Any]:
    """What a reply is, or the many in it, also where each has more to say of it."""
    if is_resource(reply.DESCRIPTOR):
        return [reply]
    many = [each for each in reply.DESCRIPTOR.fields if each.is_repeated and each.message_type]
    elements = [each for field in many for each in _elements(reply, field)]
    held = [(each, resource_field(each.DESCRIPTOR)) for each in elements]
    return [
        getattr(each, field.name) if field else each
        for each, field in held
        if field or is_resource(each.DESCRIPTOR)
    ]


def _elements(reply: Any, field: FieldDescriptor) -> list[Any]:
    is_map = field.message_type is not None and field.message_type.GetOptions().map_entry
    return [] if is_map else list(getattr(reply, field.name))


def behaves(field: FieldDescriptor, behavior: FieldBehavior.ValueType) -> bool:
    return behavior in field.GetOptions().Extensions[field_behavior]


def changed_by(field: FieldDescriptor) -> list[str]:
    """The methods that change a field, where no update does."""
    return list(field.GetOptions().Extensions[options_pb2.changed_by])


def written_fields(holder: FieldDescriptor) -> Iterator[FieldDescriptor]:
    """The fields of the resource that are the caller's to fill in; the etag is a guard."""
    for field in holder.message_type.fields if holder.message_type is not None else ():
        if field.name != "etag" and not any(behaves(field, each) for each in _SERVERS_OWN):
            yield field


def reworded(request: Any) -> None:
    """Gives what each item writes another text, in the first field that takes any."""
    for item in items_of(request):
        field = resource_field(item.DESCRIPTOR)
        assert field is not None
        free = (each for each in written_fields(field) if _takes_any_text(each))
        whole, text = getattr(item, field.name), next(free)
        setattr(whole, text.name, f"{getattr(whole, text.name)} otherwise")


def another(whole: Message, field: FieldDescriptor) -> Any:
    """A value that the field may have, other than it has."""
    value = getattr(whole, field.name)
    if field.message_type is not None and field.is_repeated:
        return [*value, _filled(field.message_type)]
    if field.message_type is not None:
        inner = type(value)()
        inner.CopyFrom(value)
        number = next(each for each in field.message_type.fields if _is_number(each))
        setattr(inner, number.name, getattr(value, number.name) + 1)
        return inner
    if field.enum_type is not None:
        return next(each.number for each in field.enum_type.values if each.number not in (0, value))
    if field.cpp_type == FieldDescriptor.CPPTYPE_BOOL:
        return not value
    if _is_number(field):
        return value + 1
    named = re.match(r"\^([a-z]+/)", pattern_of(field))
    return f"{value or (named[1] if named else '')}other"


def _filled(kind: Descriptor) -> Message:
    """A message with something in each of its texts and enums."""
    message = GetMessageClass(kind)()
    for each in kind.fields:
        if each.enum_type is not None:
            setattr(message, each.name, each.enum_type.values[1].number)
        elif each.cpp_type == FieldDescriptor.CPPTYPE_STRING and not each.is_repeated:
            setattr(message, each.name, "other")
    return message


def is_resource(kind: Descriptor | None) -> bool:
    """Whether a message has a name of its own."""
    fields = kind.fields if kind is not None else ()
    return any(behaves(each, FieldBehavior.IDENTIFIER) for each in fields)


def _takes_any_text(field: FieldDescriptor) -> bool:
    is_text = field.cpp_type == FieldDescriptor.CPPTYPE_STRING and not field.is_repeated
    return is_text and not pattern_of(field)


def _is_number(field: FieldDescriptor) -> bool:
    return field.cpp_type in (FieldDescriptor.CPPTYPE_INT32, FieldDescriptor.CPPTYPE_INT64)


def pattern_of(field: FieldDescriptor) -> str:
    """The form that its text has; empty for any."""
    rules = field.GetOptions().Extensions[validate_pb2.field]
    return str(rules.string.pattern)
