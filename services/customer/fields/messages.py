"""Custom field messages ↔ our own words; no rule, no SQL."""

from typing import Final

from guanxi.customer.v1 import fields_pb2

from services.chassis.enums import ContractEnum
from services.chassis.errors import DomainError, beneath
from services.chassis.fields.declarations import FieldType, Option
from services.chassis.fields.messages import given_value, value_message
from services.chassis.timestamps import to_timestamp
from services.customer.fields.model import CustomField, Draft, FieldResource

__all__ = ["archived", "created", "draft_of", "restored", "to_message", "updated"]

_RESOURCES: Final = ContractEnum(FieldResource, fields_pb2.CustomField.Resource)
_TYPES: Final = ContractEnum(FieldType, fields_pb2.CustomField.Type)


def draft_of(message: fields_pb2.CustomField) -> Draft:
    """What a caller says of a field. Raises INVALID_ARGUMENT, DATE_INVALID."""
    try:
        default = given_value(message.default_value, "default_value")
    except DomainError as error:
        raise beneath("custom_field", error) from None
    return Draft(
        resource=_RESOURCES.member(message.resource),
        key=message.key,
        type=_TYPES.member(message.type),
        display_name=message.display_name,
        description=message.description,
        decimals=message.decimals,
        currency_code=message.currency_code,
        options=tuple(
            Option(each.value, each.display_name, each.archived) for each in message.options
        ),
        refers_to=message.refers_to,
        default_value=default,
        required=message.required,
        indexed=message.indexed,
    )


def to_message(field: CustomField) -> fields_pb2.CustomField:
    """The field as callers see it."""
    default = field.default_value
    return fields_pb2.CustomField(
        name=field.name,
        resource=_RESOURCES.number(field.resource),
        key=field.key,
        type=_TYPES.number(field.type),
        display_name=field.display_name,
        description=field.description,
        decimals=field.decimals,
        currency_code=field.currency_code,
        options=[fields_pb2.CustomField.Option(**each._asdict()) for each in field.options],
        refers_to=field.refers_to,
        default_value=None if default is None else value_message(default),
        required=field.required,
        indexed=field.indexed,
        index_time=to_timestamp(field.index_time),
        archive_time=to_timestamp(field.archive_time),
        create_time=to_timestamp(field.create_time),
        update_time=to_timestamp(field.update_time),
        etag=field.etag,
    )


def created(field: CustomField) -> fields_pb2.CustomFieldCreated:
    return fields_pb2.CustomFieldCreated(custom_field=to_message(field))


def updated(field: CustomField) -> fields_pb2.CustomFieldUpdated:
    return fields_pb2.CustomFieldUpdated(custom_field=to_message(field))


def archived(field: CustomField) -> fields_pb2.CustomFieldArchived:
    return fields_pb2.CustomFieldArchived(custom_field=to_message(field))


def restored(field: CustomField) -> fields_pb2.CustomFieldRestored:
    return fields_pb2.CustomFieldRestored(custom_field=to_message(field))
