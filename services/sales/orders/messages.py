"""Order messages ↔ our own words; no rule of the business, no SQL."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Final

import protovalidate
from google.type.money_pb2 import Money
from guanxi.sales.v1 import orders_pb2

from services.chassis import money
from services.chassis.batches import failed_requests, split_outcomes
from services.chassis.errors import DomainError, beneath, invalid
from services.chassis.fingerprint import fingerprint
from services.chassis.ids import Ids
from services.chassis.timestamps import from_timestamp, to_timestamp
from services.chassis.violations import validation_error
from services.sales.orders.amounts import Line, Sums, Terms, agree, price_line
from services.sales.orders.model import Draft, Order, OrderTotals, Purchase, State

__all__ = [
    "NewOrder",
    "batch_reply",
    "cancelled",
    "confirmed",
    "created",
    "new_order",
    "page_reply",
    "period",
    "purchases_reply",
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
_STATES: Final = {state: orders_pb2.Order.State.Value(state.name) for state in State}


@dataclass(frozen=True, slots=True)
class NewOrder:
    """What a caller asks for: the order, the name it is to have, and whether it is agreed."""

    name: str
    named_by_caller: bool
    draft: Draft
    confirm: bool


def new_order(request: orders_pb2.CreateOrderRequest, *, base_currency: str, ids: Ids) -> NewOrder:
    """Reads a request to create an order. Raises INVALID_ARGUMENT."""
    try:
        draft = _draft(request.order, base_currency)
    except DomainError as error:
        raise beneath("order", error) from None
    return NewOrder(
        name=f"orders/{request.order_id or ids.new()}",
        named_by_caller=bool(request.order_id),
        draft=draft,
        confirm=request.confirm,
    )


def to_message(order: Order) -> orders_pb2.Order:
    """The order as callers see it, with the lines it was read with."""
    message = _without_lines(order)
    message.lines.extend(_line_message(line, message.currency_code) for line in order.lines)
    return message


def shown(order: Order, view: int) -> orders_pb2.Order:
    """As much of an order as the view asks for."""
    if view == orders_pb2.ORDER_VIEW_MINIMAL:
        return orders_pb2.Order(name=order.name, state=_STATES[order.state], etag=order.etag)
    return to_message(order) if view == orders_pb2.ORDER_VIEW_FULL else _without_lines(order)


def _without_lines(order: Order) -> orders_pb2.Order:
    terms = order.terms
    net = base_net = _money(order.net_amount, terms.currency_code)
    if not terms.in_base_currency:
        base_net = _money(order.base_net_amount, terms.base_currency_code)
    return orders_pb2.Order(
        name=order.name,
        customer=order.customer,
        state=_STATES[order.state],
        order_time=to_timestamp(order.order_time),
        currency_code=terms.currency_code,
        exchange_rate=terms.exchange_rate,
        net_amount=net,
        base_net_amount=base_net,
        line_count=order.line_count,
        original_order=order.original_order,
        owner=order.owner,
        team=order.team,
        reference=order.reference,
        cancel_reason=order.cancel_reason,
        create_time=to_timestamp(order.create_time),
        update_time=to_timestamp(order.update_time),
        etag=order.etag,
    )


def batch_reply(
    request: orders_pb2.BatchCreateOrdersRequest, outcomes: Mapping[int, Order | DomainError]
) -> orders_pb2.BatchCreateOrdersResponse:
    """What became of each item, by its index; if it was validated only, what would become."""
    orders, refused = split_outcomes(outcomes)
    return orders_pb2.BatchCreateOrdersResponse(
        orders=[shown(order, request.view) for order in orders],
        failed_requests=failed_requests(refused, "sales"),
    )


def page_reply(
    request: orders_pb2.ListOrdersRequest, orders: Iterable[Order], next_page_token: str
) -> orders_pb2.ListOrdersResponse:
    """A page of orders."""
    return orders_pb2.ListOrdersResponse(
        orders=[shown(order, request.view) for order in orders], next_page_token=next_page_token
    )


def period(request: orders_pb2.ListPurchasesRequest) -> tuple[datetime, datetime]:
    """From when until before when purchases are asked for. Raises INVALID_ARGUMENT."""
    start, end = _EARLIEST, _LATEST
    if request.HasField("start_time"):
        start = from_timestamp(request.start_time, field="start_time")
    if request.HasField("end_time"):
        end = from_timestamp(request.end_time, field="end_time")
    return start, end


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
                last_order_time=None
                if each.last_order_time is None
                else to_timestamp(each.last_order_time),
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
    return orders_pb2.OrderCreated(order=to_message(order))


def confirmed(order: Order) -> orders_pb2.OrderConfirmed:
    return orders_pb2.OrderConfirmed(order=to_message(order))


def cancelled(order: Order) -> orders_pb2.OrderCancelled:
    return orders_pb2.OrderCancelled(order=to_message(order))


def _draft(message: orders_pb2.Order, base_currency: str) -> Draft:
    terms = agree(message.currency_code, base_currency, message.exchange_rate)
    order_time = message.order_time if message.HasField("order_time") else None
    return Draft(
        customer=message.customer,
        order_time=order_time and from_timestamp(order_time, field="order_time"),
        terms=terms,
        sums=Sums.of(_lines(message.lines, terms), terms),
        original_order=message.original_order,
        owner=message.owner,
        team=message.team,
        reference=message.reference,
        fingerprint=fingerprint(message),
    )


def _lines(messages: Iterable[orders_pb2.OrderLine], terms: Terms) -> list[Line]:
    """Reads the lines; an import runs this loop half a million times.

    protovalidate takes 3 µs for the rules of one line, half of all the time there is. So the
    contract has it leave lines alone; the loop looks for whatever could break a rule, and only
    where it finds something protovalidate is asked what is wrong.
    """
    code, scale = terms.currency_code, terms.price_scale
    lines: list[Line] = []
    try:
        for message in messages:
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
            units, nanos = price.units, price.nanos
            lines.append(price_line(product, description, quantity, units, nanos, scale))
    except DomainError as error:
        raise beneath(f"lines[{len(lines)}]", error) from None
    return lines


@lru_cache(maxsize=_PRODUCTS_KEPT)
def _is_product(name: str) -> bool:
    """Whether a line may have it for a product; a company sells the same ones all the time."""
    return _PRODUCT.fullmatch(name) is not None


def _check_line(message: orders_pb2.OrderLine, currency_code: str) -> None:
    if violations := protovalidate.collect_violations(message):
        raise validation_error(violations)
    if message.unit_price.currency_code != currency_code:
        raise invalid(
            "unit_price.currency_code",
            "CURRENCY_MISMATCH",
            f"all prices of this order are in {currency_code}",
        )


def _line_message(line: Line, currency_code: str) -> orders_pb2.OrderLine:
    return orders_pb2.OrderLine(
        product=line.product,
        description=line.description,
        quantity=line.quantity,
        unit_price=Money(
            currency_code=currency_code, units=line.price_units, nanos=line.price_nanos
        ),
        amount=_money(line.amount, currency_code),
    )


def _money(minor: int, currency_code: str) -> Money:
    return Money(**money.parts(minor, currency_code))
