"""The directory of people as the gateway asks it; it has nobody until a test says whom."""

from __future__ import annotations

import asyncio

from guanxi.sales.v1.people_pb2 import LookUpReachRequest, Reach

from gateway.signin.people import People
from services.chassis.errors import DomainError, Kind

__all__ = ["AWAY", "OLDER", "SILENT", "Directory", "nobody"]

AWAY = DomainError(Kind.UNAVAILABLE, "UNAVAILABLE", "connection refused")
SILENT = DomainError(Kind.DEADLINE_EXCEEDED, "DEADLINE_EXCEEDED", "Deadline Exceeded")
OLDER = DomainError(Kind.UNIMPLEMENTED, "UNIMPLEMENTED", "Method not found!")


class Directory:
    """A PeopleServiceStub: `reaches` are whom it knows, `refusal` is what it says instead."""

    def __init__(self) -> None:
        self.reaches: dict[str, Reach] = {}
        self.refusal: DomainError | None = None
        self.asked: list[str] = []
        # Cleared, it is asked and says nothing.
        self.answering = asyncio.Event()
        self.answering.set()

    async def LookUpReach(
        self,
        request: LookUpReachRequest,
        *,
        timeout: float | None = None,  # noqa: ASYNC109 - gRPC's own parameter
    ) -> Reach:
        self.asked.append(request.name)
        await asyncio.sleep(0)
        try:
            await asyncio.wait_for(self.answering.wait(), timeout)
        except TimeoutError:
            raise SILENT from None
        if self.refusal is not None:
            raise self.refusal
        return self.reaches.get(request.name, Reach())


def nobody() -> People:
    """An empty directory: everybody is of the teams of their key."""
    return People(Directory())
