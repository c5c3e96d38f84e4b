"""Fingerprints of what callers wrote, so that creating the same thing again is known from creating
another one under its id. What the server fills in is read from the contract, not listed again."""

from collections.abc import Collection
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from typing import Final

from google.api.field_behavior_pb2 import FieldBehavior, field_behavior
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message

__all__ = ["fingerprint"]

_SERVERS_OWN: Final = frozenset({FieldBehavior.OUTPUT_ONLY, FieldBehavior.IDENTIFIER})
_ETAG: Final = "etag"


def fingerprint(message: Message, *, besides: Collection[str] = ()) -> bytes:
    """SHA-256 of a resource without what the server fills in (OUTPUT_ONLY and IDENTIFIER fields,
    those of its lines too, and the etag) and without the fields `besides`."""
    content = type(message)()
    content.CopyFrom(message)
    plan = _plan(message.DESCRIPTOR)
    for field in (*plan.own, *besides):
        content.ClearField(field)
    for list_, fields in plan.lists:
        for each in getattr(content, list_):
            for field in fields:
                each.ClearField(field)
    return sha256(content.SerializeToString(deterministic=True)).digest()


@dataclass(frozen=True, slots=True)
class _Plan:
    """The server's own fields of a resource, and those of the messages in its lists."""

    own: tuple[str, ...]
    lists: tuple[tuple[str, tuple[str, ...]], ...]


@cache
def _plan(descriptor: Descriptor) -> _Plan:
    own = _servers_own(descriptor)
    lists = (
        (field.name, _servers_own(field.message_type))
        for field in descriptor.fields
        if field.is_repeated and field.message_type is not None and field.name not in own
    )
    return _Plan(own, tuple((name, fields) for name, fields in lists if fields))


def _servers_own(descriptor: Descriptor) -> tuple[str, ...]:
    return tuple(field.name for field in descriptor.fields if _is_servers_own(field))


def _is_servers_own(field: FieldDescriptor) -> bool:
    behaviors = field.GetOptions().Extensions[field_behavior]
    return field.name == _ETAG or not _SERVERS_OWN.isdisjoint(behaviors)
