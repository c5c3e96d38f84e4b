"""What can be done with custom fields, on an open transaction."""

from collections.abc import Collection, Mapping
from typing import Final

from google.protobuf.message import Message

from services.chassis.background import repeat
from services.chassis.caller import Caller
from services.chassis.errors import DomainError, already_exists, beneath, failed_precondition
from services.chassis.fields.indexes import IndexedColumn, drop_index, make_index
from services.chassis.store import Store, WriteTransaction
from services.customer.fields import messages, store
from services.customer.fields.model import MOST_FIELDS, CustomField, Draft, FieldResource, declare
from services.customer.fields.store import custom_fields

__all__ = [
    "FieldIndexes",
    "archive_field",
    "change_field",
    "declare_field",
    "restore_field",
    "settle_index",
]


_EVERY_SECONDS: Final = 1.0
_SYSTEM: Final = Caller.system("custom-fields")


async def declare_field(tx: WriteTransaction, draft: Draft) -> CustomField:
    """Raises ALREADY_EXISTS, FAILED_PRECONDITION (TOO_MANY_CUSTOM_FIELDS), INVALID_ARGUMENT."""
    try:
        field = declare(draft, at=tx.now, etag=tx.new_id())
    except DomainError as error:
        raise beneath("custom_field", error) from None
    if await custom_fields.find(tx, [field.name]):
        raise already_exists(field.name)
    await _expect_room(tx, field)
    await custom_fields.insert(tx, [field])
    _emit(tx, field, messages.created(field))
    return field


async def change_field(
    tx: WriteTransaction, name: str, etag: str, draft: Draft, fields: Collection[str]
) -> CustomField:
    """Changes the named fields. Raises NOT_FOUND, ABORTED (ETAG_MISMATCH), INVALID_ARGUMENT."""
    before = await custom_fields.get(tx, name)
    before.expect(etag)
    try:
        after = before.change(draft, fields, at=tx.now, etag=tx.new_id())
    except DomainError as error:
        raise beneath("custom_field", error) from None
    if after is not before:
        await custom_fields.save(tx, after)
        _emit(tx, after, messages.updated(after))
    return after


async def archive_field(tx: WriteTransaction, name: str, etag: str) -> CustomField:
    """Raises NOT_FOUND, ABORTED (ETAG_MISMATCH), FAILED_PRECONDITION (CUSTOM_FIELD_ARCHIVED)."""
    before = await custom_fields.get(tx, name)
    before.expect(etag)
    after = before.archive(at=tx.now, etag=tx.new_id())
    await custom_fields.save(tx, after)
    _emit(tx, after, messages.archived(after))
    return after


async def restore_field(tx: WriteTransaction, name: str, etag: str) -> CustomField:
    """Raises NOT_FOUND, ABORTED (ETAG_MISMATCH), ALREADY_EXISTS (CUSTOM_FIELD_IN_USE),
    FAILED_PRECONDITION (TOO_MANY_CUSTOM_FIELDS)."""
    before = await custom_fields.get(tx, name)
    before.expect(etag)
    after = before.restore(at=tx.now, etag=tx.new_id())
    await _expect_room(tx, after)
    await custom_fields.save(tx, after)
    _emit(tx, after, messages.restored(after))
    return after


async def settle_index(tx: WriteTransaction, name: str, *, there: bool) -> None:
    """Says of a field that its index is there, or gone; nothing where somebody has changed their
    mind meanwhile."""
    before = await custom_fields.get(tx, name)
    if before.indexed is there and (before.index_time is not None) is not there:
        after = before.with_index(tx.now if there else None, at=tx.now, etag=tx.new_id())
        await custom_fields.save(tx, after)
        _emit(tx, after, messages.updated(after))


class FieldIndexes:
    """Makes and drops indexes as fields are declared, in the background; `columns` are those that
    the fields of each resource are in."""

    def __init__(self, database: Store, columns: Mapping[FieldResource, IndexedColumn]) -> None:
        self._store = database
        self._columns = columns

    async def run(self) -> None:
        """Runs until cancelled."""
        await repeat("custom-field-indexes", self.step, every_seconds=_EVERY_SECONDS)

    async def step(self) -> None:
        """Brings every index to where its field is declared to have it."""
        async with self._store.read(caller=_SYSTEM) as tx:
            unsettled = await store.unsettled(tx)
        if not unsettled:
            return
        async with self._store.alone("custom-field-indexes") as alone:
            for field in unsettled if alone else ():
                await self._settle(field)

    async def _settle(self, field: CustomField) -> None:
        bring = make_index if field.indexed else drop_index
        await bring(self._store, self._columns[field.resource], field.declaration)

        async def say(tx: WriteTransaction) -> None:
            await settle_index(tx, field.name, there=field.indexed)

        await self._store.write(say, caller=_SYSTEM)


async def _expect_room(tx: WriteTransaction, field: CustomField) -> None:
    """Two who declare the last one at once may both do so: one too many harms nobody."""
    if len(await store.declared(tx, field.resource)) >= MOST_FIELDS:
        raise failed_precondition(
            "TOO_MANY_CUSTOM_FIELDS",
            f"{field.resource} has {MOST_FIELDS} custom fields: archive one first",
        )


def _emit(tx: WriteTransaction, field: CustomField, event: Message) -> None:
    tx.emit(event, aggregate_type="custom_field", aggregate_id=field.name, partition_key=field.name)
