"""Partial updates (AIP-134): which fields an update may and shall change, by the contract.

What a field allows is read from `google.api.field_behavior` and `guanxi.options.v1.changed_by`;
nothing is declared a second time. A path is the name of a field of the resource: what it holds (an
amount, a time, a list, a map) is changed as a whole.
"""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Final, TypeVar, cast

from google.api.field_behavior_pb2 import FieldBehavior, field_behavior
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.field_mask_pb2 import FieldMask
from google.protobuf.message import Message
from guanxi.options.v1 import options_pb2

from services.chassis.errors import DomainError, invalid

__all__ = ["expect_fixed", "mutable_fields", "resolve"]

_ETAG: Final = "etag"
_GIVEN_ONCE: Final = "given on create and never changed"
_FIXED: Final = {
    FieldBehavior.OUTPUT_ONLY: "set by the server",
    FieldBehavior.IMMUTABLE: _GIVEN_ONCE,
    FieldBehavior.IDENTIFIER: "the name of the resource and never changed",
}

M = TypeVar("M", bound=Message)


def mutable_fields(descriptor: Descriptor) -> tuple[str, ...]:
    """The fields an update may change, in the contract's order; the etag is a guard and none."""
    return tuple(
        field.name for field in descriptor.fields if not _fixed(field) and field.name != _ETAG
    )


def resolve(
    mask: FieldMask | None, change: Message, *, argument: str = "update_mask"
) -> tuple[str, ...]:
    """The paths an update changes: absent or empty mask, the mutable fields that `change` sets;
    `*`, all mutable fields; else the mask's paths, without repeats. Fields that are given once, or
    that methods of their own change, are none of them: whether they are what they were is for
    `expect_fixed`.

    Raises DomainError INVALID_ARGUMENT on `argument`: UPDATE_MASK_UNKNOWN_FIELD,
    UPDATE_MASK_FIXED_FIELD (output only, identifier), UPDATE_MASK_WILDCARD (`*` beside others); on
    the field itself FIELD_REQUIRED, where a required one would be emptied.
    """
    descriptor = _descriptor(change)
    paths = list(dict.fromkeys(mask.paths)) if mask else []
    if "*" in paths and len(paths) > 1:
        raise invalid(argument, "UPDATE_MASK_WILDCARD", "* stands alone")
    if not paths:
        return tuple(name for name in mutable_fields(descriptor) if _is_set(change, name))
    chosen = mutable_fields(descriptor) if paths == ["*"] else tuple(paths)
    for path in chosen:
        _check(descriptor, path, argument)
        _check_required(change, path)
    compared = _compared(descriptor)
    return tuple(path for path in chosen if path != _ETAG and path not in compared)


def expect_fixed(
    mask: FieldMask | None, change: M, current: M, *, argument: str = "update_mask"
) -> None:
    """Lets a resource be sent back as it was read: a field that is given once, or that methods of
    its own change, may be named with the value that it has, or set where no mask names fields.

    What the server alone sets isn't compared: when a record last changed and how many it counts
    move by themselves, and who sends them back has only read them. Raises DomainError
    INVALID_ARGUMENT on `argument`, UPDATE_MASK_FIXED_FIELD, for another value.
    """
    compared = _compared(_descriptor(change))
    paths = list(mask.paths) if mask else []
    names_fields = paths not in ([], ["*"])
    for name in paths if names_fields else (each for each in compared if _is_set(change, each)):
        if name in compared and getattr(change, name) != getattr(current, name):
            raise invalid(argument, "UPDATE_MASK_FIXED_FIELD", f"{name} is {compared[name]}")


def _descriptor(message: Message) -> Descriptor:
    # Its declared type is a union with the C implementation's, which is the same to a caller.
    return cast(Descriptor, message.DESCRIPTOR)


def _fixed(field: FieldDescriptor) -> str:
    """Why a field can't be changed; empty if it can."""
    methods = _changed_by(field)
    if methods:
        return f"changed by {' and '.join(methods)}, and by no update"
    behaviors = field.GetOptions().Extensions[field_behavior]
    return next((_FIXED[each] for each in behaviors if each in _FIXED), "")


def _changed_by(field: FieldDescriptor) -> Sequence[str]:
    return cast(Sequence[str], field.GetOptions().Extensions[options_pb2.changed_by])


@cache
def _compared(descriptor: Descriptor) -> Mapping[str, str]:
    """The fields that may be sent back as they are, and why they can't be changed."""
    return {
        field.name: reason
        for field in descriptor.fields
        if (reason := _fixed(field)) and (reason == _GIVEN_ONCE or _changed_by(field))
    }


def _check(descriptor: Descriptor, path: str, argument: str) -> None:
    field = descriptor.fields_by_name.get(path)
    if field is None:
        raise _unknown(descriptor, path, argument)
    reason = _fixed(field)
    if reason and path not in _compared(descriptor):
        raise invalid(argument, "UPDATE_MASK_FIXED_FIELD", f"{path} is {reason}")


def _unknown(descriptor: Descriptor, path: str, argument: str) -> DomainError:
    whole = path.partition(".")[0]
    if whole in descriptor.fields_by_name and whole != path:
        why = f"{whole} is changed as a whole"
    else:
        why = f"fields are {', '.join(each.name for each in descriptor.fields)}"
    return invalid(argument, "UPDATE_MASK_UNKNOWN_FIELD", f"{path} is no field; {why}")


def _check_required(change: Message, name: str) -> None:
    field = _descriptor(change).fields_by_name[name]
    required = FieldBehavior.REQUIRED in field.GetOptions().Extensions[field_behavior]
    if required and _can_be_missing(field) and not _is_set(change, name):
        raise invalid(name, "FIELD_REQUIRED", "is required and can't be emptied")


def _can_be_missing(field: FieldDescriptor) -> bool:
    """Whether the default can't be a value that was meant, as 0 and false can."""
    return (
        field.is_repeated
        or field.has_presence
        or field.enum_type is not None
        or field.cpp_type == FieldDescriptor.CPPTYPE_STRING
    )


def _is_set(message: Message, name: str) -> bool:
    field = message.DESCRIPTOR.fields_by_name[name]
    if field.is_repeated:
        return len(getattr(message, name)) > 0
    if field.has_presence:
        return message.HasField(name)
    return bool(getattr(message, name) != field.default_value)
