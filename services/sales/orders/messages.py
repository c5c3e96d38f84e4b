"""Order messages ↔ our own words; no rule of the business, no SQL."""

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from functools import lru_cache
from typing import Final

import protovalidate
from google.type.money_pb2 import Money
from guanxi.sales.v1 import orders_pb2

from services.chassis import money
from services.chassis.creation import New
from services.chassis.enums import ContractEnum
from services.chassis.errors import DomainError, beneath, invalid
from services.chassis.fingerprint import fingerprint
from services.chassis.ids import Ids
from services.chassis.timestamps import stated_timestamp, to_timestamp
from services.chassis.violations import validation_error
from services.sales.orders.model import (
    Draft,
    Line,
    Order,
    OrderTotals,
    Purchase,
    State,
    Sums,
    Unpriced,
    agree,
)

__all__ = [
    "cancelled",
    "confirmed",
    "created",
    "new_order",
    "period",
    "purchases_reply",
    "shown",
    "to_message",
    "totals_reply",
]

# The rules of OrderLine, for `_lines` only.
_PRODUCT: Final = re.compile(r"(products/[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)?")
_PRODUCTS_KEPT: Final = 100_000
_QUANTITIES: Final = range(-1_000_000_000, 1_000_000_001)
_DESCRIPTION_CHARACTERS: Final = 500

_EARLIEST: Final = datetime.min.replace(tzinfo=UTC)
_LATEST: Final = datetime.max.replace(tzinfo=UTC)
_STATES: Final = ContractEnum(State, orders_pb2.Order.State)


def new_order(
    request: orders_pb2.CreateOrderRequest, *, base_currency: str, ids: Ids
) -> New[Draft]:
    """Reads a request to create an order. Raises INVALID_ARGUMENT."""
    order, id = request.order, request.order_id
    try:
        draft = _draft(order, base_currency, confirm=request.confirm)
    except DomainError as error:
        raise beneath("order", error) from None
    return New(
        name=f"orders/{id or ids.new()}",
        draft=draft,
        fingerprint=fingerprint(order) if id else b"",
    )


def to_message(order: Order) -> orders_pb2.Order:
    """The order as callers see it, with the lines it was read with."""
    message = orders_pb2.Order()
    _fill(message, order)
    return message


def shown(order: Order, view: int) -> orders_pb2.Order:
    """As much of an order as the view asks for."""
    if view == orders_pb2.ORDER_VIEW_MINIMAL:
        return orders_pb2.Order(name=order.name, state=_STATES.number(order.state), etag=order.etag)
    return to_message(order) if view == orders_pb2.ORDER_VIEW_FULL else _without_lines(order)


def _without_lines(order: Order) -> orders_pb2.Order:
    net = base_net = _money(order.net_amount, order.currency_code)
    if order.currency_code != order.base_currency_code:
        base_net = _money(order.base_net_amount, order.base_currency_code)
    return orders_pb2.Order(
        name=order.name,
        customer=order.customer,
        state=_STATES.number(order.state),
        order_time=to_timestamp(order.order_time),
        currency_code=order.currency_code,
        exchange_rate=order.exchange_rate,
        net_amount=net,
        base_net_amount=base_net,
        line_count=order.line_count,
        original_order=order.original_order,
        seller=order.seller,
        team=order.team,
        reference=order.reference,
        cancel_reason=order.cancel_reason,
        create_time=to_timestamp(order.create_time),
        update_time=to_timestamp(order.update_time),
        etag=order.etag,
    )


def period(request: orders_pb2.ListPurchasesRequest) -> tuple[datetime, datetime]:
    """From when until before when purchases are asked for. Raises INVALID_ARGUMENT."""
    start = stated_timestamp(request, "start_time")
    end = stated_timestamp(request, "end_time")
    return start or _EARLIEST, end or _LATEST


def purchases_reply(
    purchases: Iterable[Purchase], base_currency: str
) -> orders_pb2.ListPurchasesResponse:
    """What a customer buys, in the order given."""
    return orders_pb2.ListPurchasesResponse(
        purchases=[
            orders_pb2.Purchase(
                product=each.product,
                description=each.description,
                quantity=each.quantity,
                base_net_amount=_money(each.base_net_amount, base_currency),
                order_count=each.order_count,
                last_order_time=to_timestamp(each.last_order_time),
            )
            for each in purchases
        ]
    )


def totals_reply(totals: OrderTotals, base_currency: str) -> orders_pb2.SummarizeOrdersResponse:
    """What orders add up to."""
    return orders_pb2.SummarizeOrdersResponse(
        order_count=totals.order_count,
        base_net_amount=_money(totals.base_net_amount, base_currency),
        identified_order_count=totals.identified_order_count,
        identified_base_net_amount=_money(totals.identified_base_net_amount, base_currency),
        customer_count=totals.customer_count,
    )


def created(order: Order) -> orders_pb2.OrderCreated:
    event = orders_pb2.OrderCreated()
    _fill(event.order, order)
    return event


def confirmed(order: Order) -> orders_pb2.OrderConfirmed:
    event = orders_pb2.OrderConfirmed()
    _fill(event.order, order)
    return event


def cancelled(order: Order) -> orders_pb2.OrderCancelled:
    event = orders_pb2.OrderCancelled()
    _fill(event.order, order)
    return event


def _fill(message: orders_pb2.Order, order: Order) -> None:
    """Where the order stands: one that is put into an event as a whole is copied, 1 µs a line."""
    message.CopyFrom(_without_lines(order))
    _add_lines(message, order.lines)


def _draft(message: orders_pb2.Order, base_currency: str, *, confirm: bool) -> Draft:
    terms = agree(message.currency_code, base_currency, message.exchange_rate)
    return Draft(
        customer=message.customer,
        terms=terms,
        sums=Sums.pricing(_lines(message), terms),
        order_time=stated_timestamp(message, "order_time"),
        original_order=message.original_order,
        seller=message.seller,
        team=message.team,
        reference=message.reference,
        confirm=confirm,
    )


def _lines(order: orders_pb2.Order) -> Iterator[Unpriced]:
    """Reads the lines; an import runs this loop half a million times.

    protovalidate takes 3 µs for the rules of one line, half of all the time there is. So the
    contract has it leave lines alone; the loop looks for whatever could break a rule, and only
    where it finds something protovalidate is asked what is wrong.
    """
    code = order.currency_code
    for message in order.lines:
        product, description = message.product, message.description
        quantity, price = message.quantity, message.unit_price
        if (
            not quantity
            or quantity not in _QUANTITIES
            or price.currency_code != code
            or len(description) > _DESCRIPTION_CHARACTERS
            or not _is_product(product)
        ):
            _check_line(message, code)
        yield product, description, quantity, price.units, price.nanos


@lru_cache(maxsize=_PRODUCTS_KEPT)
def _is_product(name: str) -> bool:
    """Whether a line may have it for a product; a company sells the same ones all the time."""
    return _PRODUCT.fullmatch(name) is not None


def _check_line(message: orders_pb2.OrderLine, currency_code: str) -> None:
    if violations := protovalidate.collect_violations(message):
        raise validation_error(violations, message)
    if message.unit_price.currency_code != currency_code:
        raise invalid(
            "unit_price.currency_code",
            "CURRENCY_MISMATCH",
            f"all prices of this order are in {currency_code}",
        )


def _add_lines(order: orders_pb2.Order, lines: Iterable[Line]) -> None:
    """Field by field, for events carry the lines of whole imports: 2 µs a line, not 7."""
    add, code = order.lines.add, order.currency_code
    fill = money.filling(code)
    for product, description, quantity, units, nanos, amount, _ in lines:
        message = add()
        message.product = product
        message.description = description
        message.quantity = quantity
        price = message.unit_price
        price.currency_code = code
        price.units = units
        price.nanos = nanos
        fill(message.amount, amount)


def _money(minor: int, currency_code: str) -> Money:
    return Money(**money.parts(minor, currency_code))
