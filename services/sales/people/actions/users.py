"""What can be done with users, on an open transaction."""

from collections.abc import Collection, Container, Iterable, Mapping

from google.protobuf.message import Message

from services.chassis.creation import New, given_names
from services.chassis.errors import DomainError, Kind, beneath, failed_precondition, invalid
from services.chassis.normal import folded
from services.chassis.outcomes import Outcomes, create_each
from services.chassis.store import ReadTransaction, WriteTransaction
from services.chassis.turns import taking_turns
from services.sales.people import messages, store
from services.sales.people.model import Reach, User, UserDraft, join
from services.sales.people.store import teams, users

__all__ = [
    "change_user",
    "create_user",
    "create_users",
    "deactivate_user",
    "look_up_reach",
    "reactivate_user",
]


async def create_user(tx: WriteTransaction, new: New[UserDraft]) -> User:
    """Raises what `create_users` reports."""
    return (await create_users(tx, {0: new})).only()


async def create_users(
    tx: WriteTransaction, new: Mapping[int, New[UserDraft]], *, validate_only: bool = False
) -> Outcomes[User]:
    """Adds each user, or says what is wrong with them; the others come in all the same.

    Reports ALREADY_EXISTS, with metadata `unchanged`, or EMAIL_TAKEN, INVALID_ARGUMENT
    (TEAM_NOT_FOUND, MANAGER_NOT_FOUND, MANAGER_INACTIVE and the model's) and FAILED_PRECONDITION
    (USER_IS_CALLER). A manager may stand further up in the same batch.
    """
    await store.advance(tx)
    drafts = [each.draft for each in new.values()]
    known = await users.known(tx, given_names(new.values()))
    there = await teams.find(tx, _given(each.team for each in drafts))
    managers = await users.find(tx, _given(each.manager for each in drafts))
    holders = await store.with_emails(tx, _given(folded(each.email) for each in drafts))

    def make(each: New[UserDraft]) -> User:
        user = join(each, at=tx.now, etag=tx.new_id())
        if not user.active:
            _expect_somebody_else(tx, user.name)
        _expect_team(user, there)
        _expect_manager(user, managers)
        _expect_own_email(user, holders)
        managers[user.name] = user
        if user.email_key:
            holders[user.email_key] = user.name
        return user

    outcomes = await create_each(new, make, known=known, field="user")
    if not validate_only:
        await users.insert(tx, outcomes.created)
        async for user in taking_turns(outcomes.created):
            _emit(tx, user, messages.user_created(user))
    return outcomes


async def change_user(
    tx: WriteTransaction, name: str, etag: str, draft: UserDraft, fields: Collection[str]
) -> User:
    """Changes the named fields.

    Raises NOT_FOUND, ABORTED (ETAG_MISMATCH), ALREADY_EXISTS (EMAIL_TAKEN), INVALID_ARGUMENT
    (TEAM_NOT_FOUND, MANAGER_NOT_FOUND, MANAGER_INACTIVE, MANAGER_CYCLE and the model's).
    """
    await store.advance(tx)
    before = await users.get(tx, name)
    before.expect(etag)
    try:
        after = before.change(draft, fields, at=tx.now, etag=tx.new_id())
        if after.team != before.team:
            _expect_team(after, await teams.find(tx, _given([after.team])))
        if after.manager != before.manager:
            _expect_manager(after, await users.find(tx, _given([after.manager])))
            _expect_no_cycle(after, await store.chain_above(tx, after.manager))
        _expect_own_email(after, await store.with_emails(tx, _given([after.email_key])))
    except DomainError as error:
        raise beneath("user", error) from None
    if after is not before:
        await users.save(tx, after)
        _emit(tx, after, messages.user_updated(after))
    return after


async def deactivate_user(tx: WriteTransaction, name: str, etag: str) -> User:
    """Raises NOT_FOUND, ABORTED (ETAG_MISMATCH), FAILED_PRECONDITION (USER_INACTIVE,
    USER_IS_CALLER)."""
    await store.advance(tx)
    before = await users.get(tx, name)
    before.expect(etag)
    _expect_somebody_else(tx, name)
    after = before.deactivate(at=tx.now, etag=tx.new_id())
    await users.save(tx, after)
    _emit(tx, after, messages.user_deactivated(after))
    return after


async def reactivate_user(tx: WriteTransaction, name: str, etag: str) -> User:
    """Raises NOT_FOUND, ABORTED (ETAG_MISMATCH), FAILED_PRECONDITION (USER_ACTIVE)."""
    await store.advance(tx)
    before = await users.get(tx, name)
    before.expect(etag)
    after = before.reactivate(at=tx.now, etag=tx.new_id())
    await users.save(tx, after)
    _emit(tx, after, messages.user_reactivated(after))
    return after


async def look_up_reach(tx: ReadTransaction, name: str) -> Reach:
    """Who somebody is to the directory."""
    user = (await users.find(tx, [name])).get(name)
    if user is None:
        return Reach(None, (), in_use=await store.is_in_use(tx))
    teams = await store.beneath(tx, user.team) if user.team else ()
    return Reach(user, tuple(teams), in_use=True)


def _given(texts: Iterable[str]) -> set[str]:
    return set(texts) - {""}


def _expect_team(user: User, there: Container[str]) -> None:
    if user.team and user.team not in there:
        raise invalid("team", "TEAM_NOT_FOUND", f"{user.team} was not found")


def _expect_manager(user: User, managers: Mapping[str, User]) -> None:
    if not user.manager:
        return
    manager = managers.get(user.manager)
    if manager is None:
        raise invalid("manager", "MANAGER_NOT_FOUND", f"{user.manager} was not found")
    # Of who has left it is history: theirs may have left before them.
    if user.active and not manager.active:
        raise invalid("manager", "MANAGER_INACTIVE", f"{user.manager} works here no more")


def _expect_no_cycle(user: User, above: Container[str]) -> None:
    if user.name in above:
        raise invalid("manager", "MANAGER_CYCLE", f"{user.manager} reports to {user.name}")


def _expect_somebody_else(tx: WriteTransaction, leaving: str) -> None:
    """Whoever shuts the door isn't on its outer side: nobody else may be left to open it."""
    if leaving == tx.caller.subject:
        raise failed_precondition(
            "USER_IS_CALLER",
            f"you are {leaving}: another admin has to say that you work here no more",
            resource=leaving,
        )


def _expect_own_email(user: User, holders: Mapping[str, str]) -> None:
    holder = holders.get(user.email_key, user.name)
    if user.email_key and holder != user.name:
        raise DomainError(
            Kind.ALREADY_EXISTS,
            "EMAIL_TAKEN",
            f"{holder} has this e-mail address",
            metadata={"resource": holder},
        )


def _emit(tx: WriteTransaction, user: User, event: Message) -> None:
    tx.emit(event, aggregate_type="user", aggregate_id=user.name, partition_key=user.name)
