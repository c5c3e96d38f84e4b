"""What can be done with touchpoints, on an open transaction."""

from collections.abc import Mapping
from datetime import datetime

from services.chassis.batches import name_taken
from services.chassis.errors import (
    DomainError,
    beneath,
    failed_precondition,
    not_found,
)
from services.chassis.store import WriteTransaction
from services.customer.customers import store as customers
from services.customer.touchpoints import messages, store
from services.customer.touchpoints.messages import NewTouchpoint
from services.customer.touchpoints.model import Touchpoint, record

__all__ = ["log_touchpoint", "log_touchpoints"]

_USERS = "users/"


async def log_touchpoint(tx: WriteTransaction, new: NewTouchpoint) -> Touchpoint:
    """Raises what `log_touchpoints` reports."""
    outcome = (await log_touchpoints(tx, {0: new}))[0]
    if isinstance(outcome, DomainError):
        raise outcome
    return outcome


async def log_touchpoints(
    tx: WriteTransaction, new: Mapping[int, NewTouchpoint], *, validate_only: bool = False
) -> dict[int, Touchpoint | DomainError]:
    """Logs each touchpoint, or says what is wrong with it; the others go in all the same.

    Reports NOT_FOUND for a customer out of the caller's sight, FAILED_PRECONDITION
    (CUSTOMER_DELETED), ALREADY_EXISTS with metadata `unchanged`, and what the model raises.
    """
    delete_times = await customers.delete_times(tx, {each.customer for each in new.values()})
    known = await store.KNOWN.among(
        tx, [each.name for each in new.values() if each.named_by_caller]
    )
    actor = tx.caller.subject if tx.caller.subject.startswith(_USERS) else ""
    outcomes: dict[int, Touchpoint | DomainError] = {}
    for index, each in new.items():
        try:
            _expect_alive(each.customer, delete_times)
            if each.name in known:
                raise name_taken(each.name, known[each.name], each.draft.fingerprint)
            touchpoint = record(
                each.draft, name=each.name, customer=each.customer, actor=actor, at=tx.now
            )
        except DomainError as error:
            outcomes[index] = beneath("touchpoint", error)
            continue
        outcomes[index] = touchpoint
        known[touchpoint.name] = touchpoint.fingerprint
    if not validate_only:
        logged = [each for each in outcomes.values() if isinstance(each, Touchpoint)]
        await store.insert_many(tx, logged)
        for touchpoint in logged:
            tx.emit(
                messages.logged(touchpoint),
                aggregate_type="touchpoint",
                aggregate_id=touchpoint.name,
                partition_key=touchpoint.customer,
            )
    return outcomes


def _expect_alive(customer: str, delete_times: Mapping[str, datetime | None]) -> None:
    if customer not in delete_times:
        raise not_found(customer)
    if delete_times[customer] is not None:
        raise failed_precondition(
            "CUSTOMER_DELETED", f"{customer} is deleted; undelete it first", resource=customer
        )
