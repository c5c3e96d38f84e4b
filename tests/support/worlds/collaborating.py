"""Who is let in on a customer, in every world that knows collaborators."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Table, insert

from services.chassis.caller import Caller
from services.chassis.store import WriteTransaction
from tests.support.services import RunningService


async def let_in(service: RunningService, table: Table, rows: Sequence[str]) -> None:
    """rita reads these customers, wes works on them."""

    async def work(tx: WriteTransaction) -> None:
        for row in rows:
            for subject, access in (("users/rita", "READ"), ("users/wes", "WORK")):
                named = {"customer": f"customers/{row}", "subject": subject, "access": access}
                await tx.run(insert(table).values(named))

    await service.store.write(work, caller=Caller.system("tests"))
