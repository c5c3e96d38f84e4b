"""What can be done with products, on an open transaction; servicer and reactions share it."""

from collections.abc import Collection, Mapping

from google.protobuf.message import Message

from services.chassis.batches import name_taken
from services.chassis.errors import DomainError, beneath
from services.chassis.store import WriteTransaction
from services.sales.products import messages, store
from services.sales.products.messages import NewProduct
from services.sales.products.model import Draft, Product, list_product

__all__ = ["change_product", "create_product", "create_products"]


async def create_product(tx: WriteTransaction, new: NewProduct) -> Product:
    """Raises what `create_products` reports."""
    outcome = (await create_products(tx, {0: new}))[0]
    if isinstance(outcome, DomainError):
        raise outcome
    return outcome


async def create_products(
    tx: WriteTransaction, new: Mapping[int, NewProduct], *, validate_only: bool = False
) -> dict[int, Product | DomainError]:
    """Creates each product, or says what is wrong with it; the others go in all the same.

    Reports ALREADY_EXISTS, with metadata `unchanged`, and what the model raises.
    """
    known = await store.KNOWN.among(
        tx, [each.name for each in new.values() if each.named_by_caller]
    )
    outcomes: dict[int, Product | DomainError] = {}
    for index, each in new.items():
        try:
            if each.name in known:
                raise name_taken(each.name, known[each.name], each.draft.fingerprint)
            product = list_product(each.draft, name=each.name, at=tx.now, etag=tx.new_id())
        except DomainError as error:
            outcomes[index] = beneath("product", error)
            continue
        outcomes[index] = product
        known[product.name] = product.fingerprint
    if not validate_only:
        created = [each for each in outcomes.values() if isinstance(each, Product)]
        await store.insert_many(tx, created)
        for product in created:
            _emit(tx, product, messages.created(product))
    return outcomes


async def change_product(
    tx: WriteTransaction, name: str, etag: str, draft: Draft, fields: Collection[str]
) -> Product:
    """Changes the named fields. Raises NOT_FOUND, ABORTED (ETAG_MISMATCH), INVALID_ARGUMENT."""
    before = await store.get(tx, name)
    before.expect(etag)
    try:
        after = before.change(draft, fields, at=tx.now, etag=tx.new_id())
    except DomainError as error:
        raise beneath("product", error) from None
    if after is not before:
        await store.save(tx, after)
        _emit(tx, after, messages.updated(after))
    return after


def _emit(tx: WriteTransaction, product: Product, event: Message) -> None:
    tx.emit(event, aggregate_type="product", aggregate_id=product.name, partition_key=product.name)
