"""What can be done with orders, on an open transaction; servicer and reactions share it."""

from collections.abc import Collection, Iterable, Mapping, Sequence

from google.protobuf.message import Message

from services.chassis.batches import name_taken
from services.chassis.errors import DomainError, beneath, failed_precondition, invalid
from services.chassis.ownership import settle_owner
from services.chassis.store import WriteTransaction
from services.sales.accounts.model import Customers
from services.sales.orders import messages, store
from services.sales.orders.amounts import Line
from services.sales.orders.messages import NewOrder
from services.sales.orders.model import Order, State, open_order
from services.sales.products import store as product_store
from services.sales.products.store import SeenProducts

__all__ = ["cancel_order", "confirm_order", "create_order", "import_orders"]


async def create_order(
    tx: WriteTransaction, new: NewOrder, seen: SeenProducts, customers: Customers
) -> Order:
    """Creates one order of today: what can't be ordered any more is not sold, only taken back.

    Raises FAILED_PRECONDITION (PRODUCT_INACTIVE) and what `import_orders` reports.
    """
    sold = {line.product for line in new.draft.sums.lines if line.product and line.quantity > 0}
    for product, active in (await product_store.activity(tx, sold)).items():
        if not active:
            raise failed_precondition(
                "PRODUCT_INACTIVE", f"{product} can't be ordered any more", resource=product
            )
    outcome = (await import_orders(tx, {0: new}, seen, customers))[0]
    if isinstance(outcome, DomainError):
        raise outcome
    return outcome


async def import_orders(
    tx: WriteTransaction,
    new: Mapping[int, NewOrder],
    seen: SeenProducts,
    customers: Customers,
    *,
    validate_only: bool = False,
) -> dict[int, Order | DomainError]:
    """Creates each order, or says what is wrong with it; the others go in all the same.

    Reports ALREADY_EXISTS, with metadata `unchanged` for an order in the caller's sight;
    PERMISSION_DENIED (OWNER_NOT_ALLOWED, TEAM_NOT_ALLOWED); INVALID_ARGUMENT (CUSTOMER_NOT_FOUND,
    PRODUCT_NOT_FOUND, ORIGINAL_ORDER_NOT_FOUND and the model's); FAILED_PRECONDITION (ORDER_EMPTY,
    CUSTOMER_DELETED). An order may return what one further up in the same batch sold.
    """
    known = await store.KNOWN.among(tx, _names(new.values()))
    products = {line.product for each in new.values() for line in each.draft.sums.lines} - {""}
    missing = await seen.missing(tx, products)
    outcomes: dict[int, Order | DomainError] = {}
    for index, each in new.items():
        try:
            if each.name in known:
                raise name_taken(each.name, known[each.name], each.draft.fingerprint)
            customers.expect(each.draft.customer)
            order = _open(tx, each)
            _expect_products(order.lines, missing)
            _expect_original(order, known)
        except DomainError as error:
            outcomes[index] = beneath("order", error)
            continue
        outcomes[index] = order
        known[order.name] = order.fingerprint
    if not validate_only:
        await _record(tx, [each for each in outcomes.values() if isinstance(each, Order)])
    return outcomes


async def confirm_order(tx: WriteTransaction, name: str, etag: str) -> Order:
    """Agrees on a draft.

    Raises NOT_FOUND, ABORTED (ETAG_MISMATCH), FAILED_PRECONDITION (ORDER_STATE, ORDER_EMPTY).
    """
    order = await store.get(tx, name)
    order.expect(etag)
    confirmed = order.confirm(at=tx.now, etag=tx.new_id())
    await store.save(tx, confirmed)
    _emit(tx, confirmed, messages.confirmed(confirmed))
    return confirmed


async def cancel_order(tx: WriteTransaction, name: str, etag: str, reason: str) -> Order:
    """Calls an order off.

    Raises NOT_FOUND, ABORTED (ETAG_MISMATCH), FAILED_PRECONDITION (ORDER_STATE).
    """
    order = await store.get(tx, name)
    order.expect(etag)
    cancelled = order.cancel(reason, at=tx.now, etag=tx.new_id())
    await store.save(tx, cancelled)
    _emit(tx, cancelled, messages.cancelled(cancelled))
    return cancelled


def _open(tx: WriteTransaction, new: NewOrder) -> Order:
    owner, team = settle_owner(tx.caller, new.draft.owner, new.draft.team)
    return open_order(
        new.draft,
        state=State.CONFIRMED if new.confirm else State.DRAFT,
        name=new.name,
        owner=owner,
        team=team,
        at=tx.now,
        etag=tx.new_id(),
    )


async def _record(tx: WriteTransaction, orders: Sequence[Order]) -> None:
    await store.insert_many(tx, orders)
    for order in orders:
        draft = order.state is State.DRAFT
        _emit(tx, order, messages.created(order) if draft else messages.confirmed(order))


def _names(new: Iterable[NewOrder]) -> set[str]:
    """The names that are to be new, and those of orders that are spoken of."""
    given = {each.name for each in new if each.named_by_caller}
    return given | {each.draft.original_order for each in new} - {""}


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
