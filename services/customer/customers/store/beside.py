"""What is kept beside a customer and follows from them: the keys other systems know them by, and
what people find them by. Whoever writes a customer writes both here, so that nothing forgets one.
"""

from collections.abc import Sequence

from services.chassis.store import WriteTransaction
from services.customer.customers.model import Customer
from services.customer.customers.store import keys, search_texts

__all__ = ["add", "change"]


async def add(tx: WriteTransaction, new: Sequence[Customer]) -> None:
    """Writes what follows from new customers."""
    await keys.add(tx, new)
    await search_texts.add(tx, new)


async def change(tx: WriteTransaction, before: Customer, after: Customer) -> None:
    """Writes what follows from a customer anew."""
    await keys.change(tx, before, after)
    await search_texts.change(tx, before, after)
