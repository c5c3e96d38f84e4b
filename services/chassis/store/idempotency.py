"""Request ids: a request is answered once, in the transaction that does its work (AIP-155)."""

from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from typing import Self

from google.protobuf.message import Message
from sqlalchemy import delete, select, update

from services.chassis.errors import invalid
from services.chassis.store.sessions import WriteTransaction
from services.chassis.store.tables import ChassisTables
from services.chassis.store.upsert import upsert

__all__ = ["KEPT", "RequestKey", "purge_idempotency_keys"]

KEPT = timedelta(hours=24)


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
        keys = tables.idempotency_keys
        claim = upsert(
            tx.dialect,
            keys,
            key=("subject", "request_type", "request_id"),
            where=keys.c.expire_time <= tx.now,
        ).values(
            subject=self.subject,
            request_type=self.request_type,
            request_id=self.request_id,
            digest=self.digest,
            reply=None,
            expire_time=tx.now + KEPT,
        )
        if await tx.run(claim):
            return None
        stored = await tx.first(
            select(keys.c.digest, keys.c.reply).where(
                keys.c.subject == self.subject,
                keys.c.request_type == self.request_type,
                keys.c.request_id == self.request_id,
            )
        )
        if stored is None or stored.digest != self.digest:
            raise invalid(
                "request_id",
                "REQUEST_ID_REUSED",
                "this id was sent before with another request; use a new one",
            )
        reply: bytes = stored.reply
        return reply

    async def keep(self, tx: WriteTransaction, tables: ChassisTables, reply: Message) -> None:
        """Stores the reply under the claimed key."""
        keys = tables.idempotency_keys
        await tx.run(
            update(keys)
            .where(
                keys.c.subject == self.subject,
                keys.c.request_type == self.request_type,
                keys.c.request_id == self.request_id,
            )
            .values(reply=reply.SerializeToString())
        )


async def purge_idempotency_keys(tx: WriteTransaction, tables: ChassisTables) -> int:
    """Deletes the keys whose 24 hours are over; returns how many."""
    keys = tables.idempotency_keys
    return await tx.run(delete(keys).where(keys.c.expire_time <= tx.now))
