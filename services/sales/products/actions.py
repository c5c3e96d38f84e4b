"""What can be done with products, on an open transaction."""

from collections.abc import Collection, Mapping

from google.protobuf.message import Message

from services.chassis.creation import New, given_names
from services.chassis.errors import DomainError, beneath
from services.chassis.outcomes import Outcomes, create_each
from services.chassis.store import WriteTransaction
from services.chassis.turns import taking_turns
from services.sales.products import messages
from services.sales.products.model import Draft, Product, list_product
from services.sales.products.store import products

__all__ = ["change_product", "create_product", "create_products"]


async def create_product(tx: WriteTransaction, new: New[Draft]) -> Product:
    """Raises what `create_products` reports."""
    return (await create_products(tx, {0: new})).only()


async def create_products(
    tx: WriteTransaction, new: Mapping[int, New[Draft]], *, validate_only: bool = False
) -> Outcomes[Product]:
    """Creates each product, or says what is wrong with it; the others go in all the same.

    Reports ALREADY_EXISTS, with metadata `unchanged`, and what the model raises.
    """

    def make(each: New[Draft]) -> Product:
        return list_product(each, at=tx.now, etag=tx.new_id())

    known = await products.known(tx, given_names(new.values()))
    outcomes = await create_each(new, make, known=known, field="product")
    if not validate_only:
        await products.insert(tx, outcomes.created)
        async for product in taking_turns(outcomes.created):
            _emit(tx, product, messages.created(product))
    return outcomes


async def change_product(
    tx: WriteTransaction, name: str, etag: str, draft: Draft, fields: Collection[str]
) -> Product:
    """Changes the named fields. Raises NOT_FOUND, ABORTED (ETAG_MISMATCH), INVALID_ARGUMENT."""
    before = await products.get(tx, name)
    before.expect(etag)
    try:
        after = before.change(draft, fields, at=tx.now, etag=tx.new_id())
    except DomainError as error:
        raise beneath("product", error) from None
    if after is not before:
        await products.save(tx, after)
        _emit(tx, after, messages.updated(after))
    return after


def _emit(tx: WriteTransaction, product: Product, event: Message) -> None:
    tx.emit(event, aggregate_type="product", aggregate_id=product.name, partition_key=product.name)
