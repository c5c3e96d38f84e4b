"""Request ids: a request is answered once, in the transaction that does its work (AIP-155)."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from hashlib import sha256
from typing import Any, Final, Self

from google.protobuf.message import Message
from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Insert,
    Select,
    Table,
    Update,
    and_,
    bindparam,
    delete,
    select,
    update,
)

from services.chassis.errors import failed_precondition, invalid
from services.chassis.store.connections import AnyRow
from services.chassis.store.mentions import mentions
from services.chassis.store.sessions import ReadTransaction, WriteTransaction
from services.chassis.store.tables import ChassisTables
from services.chassis.store.upsert import upsert

__all__ = ["KEPT", "RequestKey", "forget_replies", "purge_idempotency_keys"]

KEPT = timedelta(hours=24)
# Where a digest stood, of a request whose reply was forgotten.
_FORGOTTEN: Final = b""
_KEY: Final = ("subject", "request_type", "request_id")


@dataclass(frozen=True, slots=True)
class RequestKey:
    """Who sent what under which request id."""

    subject: str
    request_type: str
    request_id: str
    digest: bytes

    @classmethod
    def of(cls, request: Message, subject: str) -> Self | None:
        """The key of a request, or None where it carries no request id."""
        request_id = getattr(request, "request_id", "")
        if not request_id:
            return None
        body = request.SerializeToString(deterministic=True)
        return cls(subject, request.DESCRIPTOR.full_name, request_id, sha256(body).digest())

    async def claim(self, tx: WriteTransaction, tables: ChassisTables) -> bytes | None:
        """Takes the key before any work is done; returns the stored reply if it was taken before.

        Because this comes first, a concurrent repeat waits here for the outcome instead of running
        into what the first one created. Raises INVALID_ARGUMENT where the id had another body.
        """
        statements = _Statements.of(tx.dialect, tables.idempotency_keys)
        claim = {
            **self._key(),
            "new_digest": self.digest,
            "new_expire_time": tx.now + KEPT,
            "now": tx.now,
        }
        if await tx.run(statements.claim, claim):
            return None
        return self._reply(await tx.first(_find(tables.idempotency_keys), self._key()))

    async def answered(self, tx: ReadTransaction, tables: ChassisTables) -> bytes | None:
        """The stored reply; None where there is none yet. Raises as `claim`."""
        stored = await tx.first(_find(tables.idempotency_keys), self._key())
        return None if stored is None or stored.expire_time <= tx.now else self._reply(stored)

    async def keep(self, tx: WriteTransaction, tables: ChassisTables, reply: Message) -> None:
        """Stores the reply under the claimed key."""
        statements = _Statements.of(tx.dialect, tables.idempotency_keys)
        await tx.run(statements.keep, {**self._key(), "new_reply": reply.SerializeToString()})

    def _reply(self, stored: AnyRow | None) -> bytes:
        if stored is not None and stored.digest == _FORGOTTEN:
            raise failed_precondition(
                "REPLY_ERASED",
                "a request of this id was carried out, and isn't carried out again; its reply is "
                "kept no more, for it told of somebody who was erased since",
            )
        if stored is None or stored.digest != self.digest:
            raise invalid(
                "request_id",
                "REQUEST_ID_REUSED",
                "this id was sent before with another request; use a new one",
            )
        reply: bytes = stored.reply
        return reply

    def _key(self) -> dict[str, str]:
        return {
            "key_subject": self.subject,
            "key_request_type": self.request_type,
            "key_request_id": self.request_id,
        }


@dataclass(frozen=True, slots=True)
class _Statements:
    """What runs for every request with an id, built once: building it takes longer than SQLite."""

    claim: Insert
    keep: Update

    @classmethod
    @cache
    def of(cls, dialect: str, keys: Table) -> Self:
        """The statements for one engine and table."""
        expired = keys.c.expire_time <= bindparam("now")
        return cls(
            upsert(dialect, keys, key=_KEY, where=expired).values(
                **_key_parameters(),
                digest=bindparam("new_digest"),
                reply=None,
                expire_time=bindparam("new_expire_time"),
            ),
            update(keys).where(_this(keys)).values(reply=bindparam("new_reply")),
        )


@cache
def _find(keys: Table) -> Select[*tuple[Any, ...]]:
    return select(keys.c.digest, keys.c.reply, keys.c.expire_time).where(_this(keys))


def _this(keys: Table) -> ColumnElement[bool]:
    return and_(*(keys.c[name] == value for name, value in _key_parameters().items()))


def _key_parameters() -> dict[str, BindParameter[str]]:
    return {name: bindparam(f"key_{name}") for name in _KEY}


async def purge_idempotency_keys(tx: WriteTransaction, tables: ChassisTables) -> int:
    """Deletes the keys whose 24 hours are over; returns how many."""
    keys = tables.idempotency_keys
    return await tx.run(delete(keys).where(keys.c.expire_time <= tx.now))


async def forget_replies(
    tx: WriteTransaction, tables: ChassisTables, names: Collection[str]
) -> int:
    """Takes away the replies that tell of these resources, alone or among others; returns how many.

    The ids stay taken until their time is over, so that no request is carried out a second time. Of
    what was asked not even the digest stays: with a guess at the rest, it would confirm a number.
    """
    keys = tables.idempotency_keys
    forgotten = update(keys).where(mentions(keys.c.reply, names))
    return await tx.run(forgotten.values(reply=None, digest=_FORGOTTEN))
