"""Views: what they may be and become. Rules only; what a list can be asked is the list's."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Self

from services.chassis.creation import New
from services.chassis.errors import invalid
from services.chassis.etag import expect as expect_etag
from services.chassis.nearest import nearest
from services.customer.fields.model import FieldResource

__all__ = ["Draft", "View", "expect_columns", "keep", "resource_of"]


@dataclass(frozen=True, slots=True)
class Draft:
    """What a caller wants a view to be."""

    resource: FieldResource | None
    display_name: str
    filter: str = ""
    order_by: str = ""
    columns: tuple[str, ...] = ()
    shared: bool = False


@dataclass(frozen=True, slots=True)
class View:
    """A list that is kept."""

    name: str
    resource: FieldResource
    display_name: str
    filter: str
    order_by: str
    columns: tuple[str, ...]
    owner: str
    shared: bool
    create_time: datetime
    update_time: datetime
    etag: str
    fingerprint: bytes

    def expect(self, etag: str) -> None:
        """Raises ABORTED, ETAG_MISMATCH unless the etag is empty or this version's."""
        expect_etag(etag, self.etag, self.name)

    def change(self, draft: Draft, fields: Collection[str], *, at: datetime, etag: str) -> Self:
        """The view with what the named fields of the draft say; itself where that is nothing new.

        Raises INVALID_ARGUMENT, DISPLAY_NAME_MISSING.
        """
        changed = replace(self, **{name: getattr(draft, name) for name in fields})
        _check_display_name(changed.display_name)
        return self if changed == self else replace(changed, update_time=at, etag=etag)


def resource_of(draft: Draft) -> FieldResource:
    """What it lists. Raises INVALID_ARGUMENT, FIELD_REQUIRED."""
    if draft.resource is None:
        raise invalid("resource", "FIELD_REQUIRED", "is required")
    return draft.resource


def keep(new: New[Draft], *, owner: str, at: datetime, etag: str) -> View:
    """A new view. Raises INVALID_ARGUMENT: FIELD_REQUIRED, DISPLAY_NAME_MISSING."""
    draft = new.draft
    _check_display_name(draft.display_name)
    return View(
        name=new.name,
        resource=resource_of(draft),
        display_name=draft.display_name,
        filter=draft.filter,
        order_by=draft.order_by,
        columns=draft.columns,
        owner=owner,
        shared=draft.shared,
        create_time=at,
        update_time=at,
        etag=etag,
        fingerprint=new.fingerprint,
    )


def expect_columns(columns: Collection[str], offered: Collection[str]) -> None:
    """Whether each is offered, and is there once.

    Raises INVALID_ARGUMENT on the column: COLUMN_UNKNOWN, COLUMN_TWICE.
    """
    above: set[str] = set()
    for index, column in enumerate(columns):
        field = f"columns[{index}]"
        if column not in offered:
            said = f"there is no field {column}{nearest(column, offered)}"
            raise invalid(field, "COLUMN_UNKNOWN", said)
        if column in above:
            raise invalid(field, "COLUMN_TWICE", f"{column} stands above")
        above.add(column)


def _check_display_name(display_name: str) -> None:
    if not display_name.strip():
        raise invalid("display_name", "DISPLAY_NAME_MISSING", "a view needs a name")
