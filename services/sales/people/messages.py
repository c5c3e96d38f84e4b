"""People messages ↔ our own words; no rule of the business, no SQL."""

from guanxi.sales.v1 import people_pb2

from services.chassis.creation import New
from services.chassis.fingerprint import fingerprint
from services.chassis.ids import Ids
from services.chassis.timestamps import to_timestamp
from services.sales.people.model import Reach, Team, TeamDraft, User, UserDraft

__all__ = [
    "new_team",
    "new_user",
    "team_created",
    "team_deleted",
    "team_draft",
    "team_updated",
    "to_reach",
    "to_team",
    "to_user",
    "user_created",
    "user_deactivated",
    "user_draft",
    "user_reactivated",
    "user_updated",
]


def new_user(request: people_pb2.CreateUserRequest, *, ids: Ids) -> New[UserDraft]:
    """Reads a request to add a user."""
    user, id = request.user, request.user_id
    draft = user_draft(user)
    # That they are active need not be said.
    unsaid = ("active",) if draft.active else ()
    return New(
        name=f"users/{id or ids.new()}",
        draft=draft,
        fingerprint=fingerprint(user, besides=unsaid) if id else b"",
    )


def user_draft(message: people_pb2.User) -> UserDraft:
    """What the caller says about the user."""
    return UserDraft(
        display_name=message.display_name,
        email=message.email,
        team=message.team,
        manager=message.manager,
        active=message.active or not message.HasField("active"),
    )


def to_user(user: User) -> people_pb2.User:
    """The user as callers see them."""
    return people_pb2.User(
        name=user.name,
        display_name=user.display_name,
        email=user.email,
        team=user.team,
        manager=user.manager,
        active=user.active,
        deactivate_time=to_timestamp(user.deactivate_time),
        create_time=to_timestamp(user.create_time),
        update_time=to_timestamp(user.update_time),
        etag=user.etag,
    )


def new_team(request: people_pb2.CreateTeamRequest, *, ids: Ids) -> New[TeamDraft]:
    """Reads a request to create a team."""
    team, id = request.team, request.team_id
    return New(
        name=f"teams/{id or ids.new()}",
        draft=team_draft(team),
        fingerprint=fingerprint(team) if id else b"",
    )


def team_draft(message: people_pb2.Team) -> TeamDraft:
    """What the caller says about the team."""
    return TeamDraft(display_name=message.display_name, parent=message.parent)


def to_team(team: Team) -> people_pb2.Team:
    """The team as callers see it."""
    return people_pb2.Team(
        name=team.name,
        display_name=team.display_name,
        parent=team.parent,
        create_time=to_timestamp(team.create_time),
        update_time=to_timestamp(team.update_time),
        etag=team.etag,
    )


def to_reach(reach: Reach) -> people_pb2.Reach:
    """Who somebody is to the directory, as services see it."""
    user = reach.user
    return people_pb2.Reach(
        known=user is not None,
        active=user is not None and user.active,
        teams=reach.teams,
        directory_in_use=reach.in_use,
    )


def user_created(user: User) -> people_pb2.UserCreated:
    return people_pb2.UserCreated(user=to_user(user))


def user_updated(user: User) -> people_pb2.UserUpdated:
    return people_pb2.UserUpdated(user=to_user(user))


def user_deactivated(user: User) -> people_pb2.UserDeactivated:
    return people_pb2.UserDeactivated(user=to_user(user))


def user_reactivated(user: User) -> people_pb2.UserReactivated:
    return people_pb2.UserReactivated(user=to_user(user))


def team_created(team: Team) -> people_pb2.TeamCreated:
    return people_pb2.TeamCreated(team=to_team(team))


def team_updated(team: Team) -> people_pb2.TeamUpdated:
    return people_pb2.TeamUpdated(team=to_team(team))


def team_deleted(team: Team) -> people_pb2.TeamDeleted:
    return people_pb2.TeamDeleted(team=to_team(team))
