"""Declarations of custom fields: what they may be and become. Rules only."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, Final, Self

from services.chassis import money
from services.chassis.errors import already_exists, failed_precondition, invalid
from services.chassis.etag import expect as expect_etag
from services.chassis.fields.declarations import Declaration, FieldType, FieldValue, Given, Option

__all__ = [
    "MOST_FIELDS",
    "CustomField",
    "Draft",
    "FieldResource",
    "declare",
    "expect_referred",
    "referred_customers",
]

# A form, a table or an export with more is nobody's.
MOST_FIELDS: Final = 200
_CUSTOMERS: Final = "customers/"


class FieldResource(StrEnum):
    """What has the field."""

    CUSTOMER = "CUSTOMER"
    CONTACT = "CONTACT"


@dataclass(frozen=True, slots=True)
class Draft:
    """What a caller says of a field."""

    resource: FieldResource | None
    key: str
    type: FieldType | None
    display_name: str
    description: str = ""
    decimals: int = 0
    currency_code: str = ""
    options: tuple[Option, ...] = ()
    refers_to: str = ""
    default_value: Given | None = None
    required: bool = False
    indexed: bool = False


@dataclass(frozen=True, slots=True)
class CustomField:
    """A field; `archive_time` is None while it is in use, `index_time` while it has no index."""

    name: str
    resource: FieldResource
    key: str
    type: FieldType
    display_name: str
    description: str
    decimals: int
    currency_code: str
    options: tuple[Option, ...]
    refers_to: str
    default_value: FieldValue | None
    required: bool
    indexed: bool
    index_time: datetime | None
    archive_time: datetime | None
    create_time: datetime
    update_time: datetime
    etag: str

    @property
    def declaration(self) -> Declaration:
        """What it means for values."""
        return Declaration(
            key=self.key,
            type=self.type,
            decimals=self.decimals,
            currency_code=self.currency_code,
            options=self.options,
            refers_to=self.refers_to,
            default_value=self.default_value,
            required=self.required,
        )

    def expect(self, etag: str) -> None:
        """Raises ABORTED, ETAG_MISMATCH unless the etag is empty or this version's."""
        expect_etag(etag, self.etag, self.name)

    def change(self, draft: Draft, fields: Collection[str], *, at: datetime, etag: str) -> Self:
        """The field with what the named fields of the draft say; itself where that is nothing new.

        Raises INVALID_ARGUMENT: OPTION_REMOVED and as `declare`.
        """
        values: dict[str, Any] = {name: getattr(draft, name) for name in fields}
        default = values.pop("default_value", None)
        changed = replace(self, **values)
        _expect_kept(self.options, changed.options)
        _check(changed)
        if "default_value" in fields:
            changed = replace(changed, default_value=_default(changed, default))
        elif changed.default_value is not None and changed.options != self.options:
            _expect_chosen(changed)
        return self if changed == self else replace(changed, update_time=at, etag=etag)

    def archive(self, *, at: datetime, etag: str) -> Self:
        """Out of use. Raises FAILED_PRECONDITION, CUSTOM_FIELD_ARCHIVED where it is already."""
        if self.archive_time is not None:
            raise failed_precondition(
                "CUSTOM_FIELD_ARCHIVED", f"{self.name} is archived already", resource=self.name
            )
        return replace(self, archive_time=at, update_time=at, etag=etag)

    def restore(self, *, at: datetime, etag: str) -> Self:
        """In use again. Raises ALREADY_EXISTS, CUSTOM_FIELD_IN_USE where it is."""
        if self.archive_time is None:
            raise already_exists(self.name, "CUSTOM_FIELD_IN_USE")
        return replace(self, archive_time=None, update_time=at, etag=etag)

    def with_index(self, index_time: datetime | None, *, at: datetime, etag: str) -> Self:
        """The field once its index is there, or gone."""
        return replace(self, index_time=index_time, update_time=at, etag=etag)


def declare(draft: Draft, *, at: datetime, etag: str) -> CustomField:
    """A new field; its name is made of resource and key.

    Raises INVALID_ARGUMENT: DISPLAY_NAME_MISSING, FIELD_REQUIRED for resource, key and type,
    CUSTOM_FIELD_NEEDS for what its type needs, CUSTOM_FIELD_HAS_NO for what it has no use for,
    OPTION_TWICE, CURRENCY_UNKNOWN, and for the default what a value is refused for.
    """
    if draft.resource is None:
        raise invalid("resource", "FIELD_REQUIRED", "is required")
    if not draft.key:
        raise invalid("key", "FIELD_REQUIRED", "is required")
    if draft.type is None:
        raise invalid("type", "FIELD_REQUIRED", "is required")
    field = CustomField(
        name=f"customFields/{draft.resource.lower()}-{draft.key.replace('_', '-')}",
        resource=draft.resource,
        key=draft.key,
        type=draft.type,
        display_name=draft.display_name,
        description=draft.description,
        decimals=draft.decimals,
        currency_code=draft.currency_code,
        options=draft.options,
        refers_to=draft.refers_to,
        default_value=None,
        required=draft.required,
        indexed=draft.indexed,
        index_time=None,
        archive_time=None,
        create_time=at,
        update_time=at,
        etag=etag,
    )
    _check(field)
    return replace(field, default_value=_default(field, draft.default_value))


_OF_TYPES: Final = {
    "decimals": {FieldType.NUMBER},
    "currency_code": {FieldType.MONEY},
    "options": {FieldType.CHOICE, FieldType.CHOICES},
    "refers_to": {FieldType.REFERENCE},
}


def _check(field: CustomField) -> None:
    if not field.display_name.strip():
        raise invalid("display_name", "DISPLAY_NAME_MISSING", "a field needs a name")
    for name, types in _OF_TYPES.items():
        stated = bool(getattr(field, name))
        if stated and field.type not in types:
            raise invalid(name, "CUSTOM_FIELD_HAS_NO", f"a {field.type} field has no {name}")
        if not stated and field.type in types and name != "decimals":
            raise invalid(name, "CUSTOM_FIELD_NEEDS", f"a {field.type} field needs {name}")
    if field.currency_code:
        money.exponent(field.currency_code, field="currency_code")
    values = [option.value for option in field.options]
    for index, value in enumerate(values):
        if value in values[:index]:
            raise invalid(f"options[{index}].value", "OPTION_TWICE", f"{value} stands above")


def _expect_kept(before: Collection[Option], after: Collection[Option]) -> None:
    left = {option.value for option in after}
    for option in before:
        if option.value not in left:
            raise invalid(
                "options", "OPTION_REMOVED", f"{option.value} is there: archive it instead"
            )


def _default(field: CustomField, given: Given | None) -> FieldValue | None:
    return None if given is None else field.declaration.kept(given, "default_value")


def _expect_chosen(field: CustomField) -> None:
    """Whether the default can still be chosen. Raises as a value is refused."""
    default = field.default_value
    if default is not None:
        field.declaration.kept(Given(default.type, default.value), "default_value")


def referred_customers(given: Mapping[str, Given | None]) -> Iterator[str]:
    """The customers that values refer to."""
    for each in given.values():
        if each is not None and _is_customer(each):
            yield each.value


def expect_referred(
    values: Mapping[str, FieldValue], before: Mapping[str, FieldValue], alive: Collection[str]
) -> None:
    """Whether the customers are there that values refer to anew; `before` is what there was.

    Raises INVALID_ARGUMENT, CUSTOM_FIELD_NOT_FOUND.
    """
    for key, value in values.items():
        if value == before.get(key) or not _is_customer(value) or value.value in alive:
            continue
        said = f"{value.value} was not found"
        raise invalid(f"custom_fields.{key}", "CUSTOM_FIELD_NOT_FOUND", said)


def _is_customer(value: FieldValue | Given) -> bool:
    return value.type is FieldType.REFERENCE and str(value.value).startswith(_CUSTOMERS)
