"""Messages of the directory as tests write them: what a test does not say is something ordinary."""

from __future__ import annotations

from typing import Any

from guanxi.sales.v1 import people_pb2


def create_user(id: str = "", **more: Any) -> people_pb2.CreateUserRequest:
    """`create_user("ann", team="teams/north")`."""
    user = people_pb2.User(**{"display_name": id.title() or "Ann", **more})
    return people_pb2.CreateUserRequest(user=user, user_id=id)


def create_team(id: str = "", parent: str = "", **more: Any) -> people_pb2.CreateTeamRequest:
    """`create_team("berlin", "north")`."""
    above = f"teams/{parent}" if parent else ""
    team = people_pb2.Team(**{"display_name": id.title() or "North", "parent": above, **more})
    return people_pb2.CreateTeamRequest(team=team, team_id=id)
