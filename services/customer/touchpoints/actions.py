"""What can be done with touchpoints, on an open transaction."""

from collections.abc import Mapping

from services.chassis.creation import New, given_names
from services.chassis.outcomes import Outcomes, create_each
from services.chassis.store import WriteTransaction
from services.chassis.turns import taking_turns
from services.customer.customers.store import in_sight
from services.customer.touchpoints import messages
from services.customer.touchpoints.model import Draft, Touchpoint, record
from services.customer.touchpoints.store import touchpoints

__all__ = ["log_touchpoint", "log_touchpoints"]

_USERS = "users/"


async def log_touchpoint(tx: WriteTransaction, new: New[Draft]) -> Touchpoint:
    """Raises what `log_touchpoints` reports."""
    return (await log_touchpoints(tx, {0: new})).only()


async def log_touchpoints(
    tx: WriteTransaction, new: Mapping[int, New[Draft]], *, validate_only: bool = False
) -> Outcomes[Touchpoint]:
    """Logs each touchpoint, or says what is wrong with it; the others go in all the same.

    Reports NOT_FOUND for a customer out of the caller's sight, PERMISSION_DENIED (WORK_NEEDED) for
    one that they only read, FAILED_PRECONDITION (CUSTOMER_DELETED), ALREADY_EXISTS with metadata
    `unchanged`, and what the model raises.
    """
    customers = await in_sight(tx, {each.draft.customer for each in new.values()})
    seen = [each for each in new.values() if each.draft.customer in customers]
    known = await touchpoints.known(tx, given_names(seen))
    actor = tx.caller.subject if tx.caller.subject.startswith(_USERS) else ""

    def make(each: New[Draft]) -> Touchpoint:
        customers.expect(each.draft.customer)
        return record(each, actor=actor, at=tx.now)

    outcomes = await create_each(new, make, known=known, field="touchpoint")
    if not validate_only:
        await touchpoints.insert(tx, outcomes.created)
        async for touchpoint in taking_turns(outcomes.created):
            tx.emit(
                messages.logged(touchpoint),
                aggregate_type="touchpoint",
                aggregate_id=touchpoint.name,
                partition_key=touchpoint.customer,
            )
    return outcomes
