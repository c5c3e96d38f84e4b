"""What can be done with teams, on an open transaction."""

from collections.abc import Collection
from typing import Final

from google.protobuf.message import Message

from services.chassis.creation import New, given_names
from services.chassis.errors import DomainError, beneath, failed_precondition, invalid
from services.chassis.outcomes import create_each
from services.chassis.store import ReadTransaction, WriteTransaction
from services.sales.people import messages, store
from services.sales.people.model import MOST_BENEATH, MOST_LEVELS, Team, TeamDraft, found
from services.sales.people.store import teams

__all__ = ["change_team", "create_team", "delete_team"]

# Of what is in a team: enough to see what it is about.
_MOST_NAMED: Final = 5


async def create_team(tx: WriteTransaction, new: New[TeamDraft]) -> Team:
    """Raises ALREADY_EXISTS, with metadata `unchanged`, and INVALID_ARGUMENT (PARENT_NOT_FOUND,
    TEAM_TREE_TOO_LARGE and the model's)."""
    await store.advance(tx)
    known = await teams.known(tx, given_names([new]))
    outcomes = await create_each(
        {0: new}, lambda each: found(each, at=tx.now, etag=tx.new_id()), known=known, field="team"
    )
    team = outcomes.only()
    try:
        await _expect_place(tx, team, {team.name: 0})
    except DomainError as error:
        raise beneath("team", error) from None
    await teams.insert(tx, [team])
    _emit(tx, team, messages.team_created(team))
    return team


async def change_team(
    tx: WriteTransaction, name: str, etag: str, draft: TeamDraft, fields: Collection[str]
) -> Team:
    """Changes the named fields; the teams beneath it move along.

    Raises NOT_FOUND, ABORTED (ETAG_MISMATCH), INVALID_ARGUMENT (PARENT_NOT_FOUND, TEAM_CYCLE,
    TEAM_TREE_TOO_LARGE and the model's).
    """
    await store.advance(tx)
    before = await teams.get(tx, name)
    before.expect(etag)
    try:
        after = before.change(draft, fields, at=tx.now, etag=tx.new_id())
        if after.parent != before.parent:
            await _expect_place(tx, after, await store.beneath(tx, name))
    except DomainError as error:
        raise beneath("team", error) from None
    if after is not before:
        await teams.save(tx, after)
        _emit(tx, after, messages.team_updated(after))
    return after


async def delete_team(tx: WriteTransaction, name: str, etag: str) -> Team:
    """Raises NOT_FOUND, ABORTED (ETAG_MISMATCH), FAILED_PRECONDITION (TEAM_NOT_EMPTY)."""
    await store.advance(tx)
    team = await teams.get(tx, name)
    team.expect(etag)
    await _expect_empty(tx, name)
    await store.remove_team(tx, name)
    _emit(tx, team, messages.team_deleted(team))
    return team


async def _expect_place(tx: ReadTransaction, team: Team, branch: dict[str, int]) -> None:
    """Whether the team may stand where it says, with the teams of its `branch`, itself among them,
    and how many levels down each is."""
    if not team.parent:
        return
    above = await store.above(tx, team.parent)
    if not above:
        raise invalid("parent", "PARENT_NOT_FOUND", f"{team.parent} was not found")
    if team.name in above:
        raise invalid("parent", "TEAM_CYCLE", f"{team.parent} is {team.name}, or beneath it")
    # A branch that stands beneath the same top already is no more teams than before.
    size = len(branch.keys() | await store.beneath(tx, above[-1])) - 1
    levels = len(above) + 1 + max(branch.values())
    if levels > MOST_LEVELS or size > MOST_BENEATH:
        raise invalid(
            "parent",
            "TEAM_TREE_TOO_LARGE",
            f"with it {above[-1]} would have {levels} levels and {size} teams beneath; "
            f"{MOST_LEVELS} and {MOST_BENEATH} are the most",
        )


async def _expect_empty(tx: ReadTransaction, name: str) -> None:
    """Whether the team may go; who is in it is named, and who of them has left, whom nobody thinks
    of."""
    members = await store.members(tx, name, most=_MOST_NAMED + 1)
    teams_beneath = await store.right_beneath(tx, name, most=_MOST_NAMED + 1)
    holders = [*members, *teams_beneath]
    if not holders:
        return
    named = holders[:_MOST_NAMED]
    told = [each if members.get(each, True) else f"{each} (inactive)" for each in named]
    raise failed_precondition(
        "TEAM_NOT_EMPTY",
        f"{name} still has {', '.join(told)}{' and others' if len(holders) > len(named) else ''}: "
        "put them elsewhere first, those who have left, too",
        resource=name,
        holders=",".join(named),
    )


def _emit(tx: WriteTransaction, team: Team, event: Message) -> None:
    tx.emit(event, aggregate_type="team", aggregate_id=team.name, partition_key=team.name)
