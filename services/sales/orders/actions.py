"""What can be done with orders, on an open transaction."""

from collections.abc import Collection, Iterable, Mapping

from google.protobuf.message import Message

from services.chassis.creation import New, given_names
from services.chassis.errors import failed_precondition, invalid
from services.chassis.outcomes import Outcomes, create_each
from services.chassis.ownership import settle_owner
from services.chassis.store import WriteTransaction
from services.chassis.turns import taking_turns
from services.sales.accounts import store as accounts
from services.sales.accounts.model import Customers
from services.sales.orders import messages, store
from services.sales.orders.model import Draft, Line, Order, State, open_order
from services.sales.orders.store import orders
from services.sales.products.store import SeenProducts, products

__all__ = ["cancel_order", "confirm_order", "create_order", "import_orders"]


async def create_order(
    tx: WriteTransaction, new: New[Draft], seen: SeenProducts, customers: Customers
) -> Order:
    """Creates one order of today: what can't be ordered any more is not sold, only taken back.

    Raises FAILED_PRECONDITION (PRODUCT_INACTIVE) and what `import_orders` reports.
    """
    sold = {line.product for line in new.draft.sums.lines if line.product and line.quantity > 0}
    for name, product in (await products.find(tx, sold)).items():
        if not product.active:
            raise failed_precondition(
                "PRODUCT_INACTIVE", f"{name} can't be ordered any more", resource=name
            )
    return (await import_orders(tx, {0: new}, seen, customers)).only()


async def import_orders(
    tx: WriteTransaction,
    new: Mapping[int, New[Draft]],
    seen: SeenProducts,
    customers: Customers,
    *,
    validate_only: bool = False,
) -> Outcomes[Order]:
    """Creates each order, or says what is wrong with it; the others go in all the same.

    Reports ALREADY_EXISTS, with metadata `unchanged` for an order in the caller's sight;
    PERMISSION_DENIED (SELLER_NOT_ALLOWED, TEAM_NOT_ALLOWED, WORK_NEEDED); INVALID_ARGUMENT
    (CUSTOMER_NOT_FOUND, PRODUCT_NOT_FOUND, ORIGINAL_ORDER_NOT_FOUND and the model's);
    FAILED_PRECONDITION (ORDER_EMPTY, CUSTOMER_DELETED). An order may return what one further up in
    the same batch sold.
    """
    drafts = [each.draft for each in new.values()]
    originals = {draft.original_order for draft in drafts} - {""}
    known = await orders.known(tx, given_names(new.values()) | originals)
    ordered = {line.product for draft in drafts for line in draft.sums.lines} - {""}
    missing = await seen.missing(tx, ordered)
    only_read = await accounts.only_read(tx, {draft.customer for draft in drafts} - {""})

    def make(each: New[Draft]) -> Order:
        draft = each.draft
        customers.expect(draft.customer, only_read)
        seller, team = settle_owner(
            tx.caller, draft.seller, draft.team, reason="SELLER_NOT_ALLOWED"
        )
        order = open_order(each, seller=seller, team=team, at=tx.now, etag=tx.new_id())
        _expect_products(order.lines, missing)
        _expect_original(order, known)
        return order

    outcomes = await create_each(new, make, known=known, field="order")
    if not validate_only:
        await store.insert_with_lines(tx, outcomes.created)
        async for order in taking_turns(outcomes.created):
            told = messages.created if order.state is State.DRAFT else messages.confirmed
            _emit(tx, order, told(order))
    return outcomes


async def confirm_order(tx: WriteTransaction, name: str, etag: str) -> Order:
    """Agrees on a draft.

    Raises NOT_FOUND, ABORTED (ETAG_MISMATCH), FAILED_PRECONDITION (ORDER_STATE, ORDER_EMPTY).
    """
    order = await store.get_with_lines(tx, name)
    order.expect(etag)
    confirmed = order.confirm(at=tx.now, etag=tx.new_id())
    await orders.save(tx, confirmed)
    _emit(tx, confirmed, messages.confirmed(confirmed))
    return confirmed


async def cancel_order(tx: WriteTransaction, name: str, etag: str, reason: str) -> Order:
    """Calls an order off.

    Raises NOT_FOUND, ABORTED (ETAG_MISMATCH), FAILED_PRECONDITION (ORDER_STATE).
    """
    order = await store.get_with_lines(tx, name)
    order.expect(etag)
    cancelled = order.cancel(reason, at=tx.now, etag=tx.new_id())
    await orders.save(tx, cancelled)
    _emit(tx, cancelled, messages.cancelled(cancelled))
    return cancelled


def _expect_products(lines: Iterable[Line], missing: Collection[str]) -> None:
    for index, line in enumerate(lines if missing else ()):
        if line.product in missing:
            raise invalid(
                f"lines[{index}].product", "PRODUCT_NOT_FOUND", f"{line.product} was not found"
            )


def _expect_original(order: Order, known: Mapping[str, bytes | None]) -> None:
    """An order out of the caller's sight is in `known` without a fingerprint."""
    if order.original_order and known.get(order.original_order) is None:
        raise invalid(
            "original_order", "ORIGINAL_ORDER_NOT_FOUND", f"{order.original_order} was not found"
        )


def _emit(tx: WriteTransaction, order: Order, event: Message) -> None:
    """Partitioned by customer, so that a reader sees what one customer does in order."""
    tx.emit(
        event,
        aggregate_type="order",
        aggregate_id=order.name,
        partition_key=order.customer or order.name,
    )
