"""Every method that writes whose a row is, asked to make it somebody else's: a caller gives away no
more than they have (`services/chassis/ownership.py`), so that nobody opens or closes sight."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.field_mask_pb2 import FieldMask

from services.chassis.errors import DomainError, Kind
from services.chassis.status import from_status
from tests.support.asks import Ask, Asked, World
from tests.support.changes import changes_of
from tests.support.otherwise import item_of, items_of, pattern_of, resource_field, written_fields
from tests.support.sight_matrix import CALLERS, OWNER, TEAM, Caller

__all__ = ["Given", "given_away", "givers"]

_ELSE, _ELSEWHERE = "users/sam", "teams/south"
_NEW: Final = "new"


@dataclass(frozen=True, slots=True)
class Given:
    """The fields by which a method says whose a row is: people, and teams. `hands_on` is said of
    one that changes a row there is, which may be somebody else's."""

    people: tuple[str, ...]
    teams: tuple[str, ...]
    hands_on: bool = False

    def cases(self) -> list[tuple[Caller, dict[str, str], bool]]:
        """Who gives a row of olive's, of the team north, to whom, and whether they may."""
        own, team = CALLERS["owner"], CALLERS["team"]
        kept = {**dict.fromkeys(self.people, OWNER), **dict.fromkeys(self.teams, TEAM)}
        cases = [(own, kept, True)]
        cases += [(own, {**kept, each: _ELSE}, False) for each in self.people]
        cases += [(own, {**kept, each: _ELSEWHERE}, False) for each in self.teams]
        if self.teams:
            # Within their team, it is anybody's.
            cases.append((team, {**kept, **dict.fromkeys(self.people, _ELSE)}, True))
        cases += [(team, {**kept, each: _ELSEWHERE}, False) for each in self.teams]
        return cases + (self._of_collaborators() if self.hands_on else [])

    def _of_collaborators(self) -> list[tuple[Caller, dict[str, str], bool]]:
        """Who is let in to work on a row takes it no more than they give it away, whatever of
        their own they may give: with scope TEAM, to anybody in their team."""
        own = CALLERS["worker"]
        theirs = dict.fromkeys(self.teams, own.team)
        return [
            (caller, {**dict.fromkeys(self.people, to), **theirs}, False)
            for caller in (own, replace(own, role="team"))
            for to in (own.subject, _ELSE)
        ]


def givers(service: str, apart: Mapping[str, str]) -> dict[str, Given]:
    """The methods that write whose a row is. `apart` are fields that name somebody whose the row
    isn't by that, and why."""
    found = {each.name: _given(each, apart) for each in changes_of(service)}
    return {name: given for name, given in found.items() if given.people or given.teams}


async def given_away(world: World, apart: Mapping[str, str]) -> dict[str, str]:
    """Who may give what they may not, or the other way round, by method and case."""
    asks = {**world.asks, **world.shared}
    asked = givers(world.service.name, apart)
    rows = {name: [_row(name, n) for n, _ in enumerate(one.cases())] for name, one in asked.items()}
    await world.prepare(rows)
    wrong: dict[str, str] = {}
    for each in changes_of(world.service.name):
        if each.name not in asked:
            continue
        for number, (caller, given, may) in enumerate(asked[each.name].cases()):
            channel = await world.service.channel(
                caller.subject, role=caller.role, team=caller.team
            )
            request = _request(asks[each.name], _row(each.name, number), given)
            said = await _outcome(getattr(each.stub(channel), each.name), request)
            refused = said.startswith(Kind.PERMISSION_DENIED) and said.endswith("_NOT_ALLOWED")
            if said != _NEW if may else not refused:
                wrong[f"{each.name} by {caller.subject} ({caller.role}), {given}"] = said
    return wrong


def _request(ask: Ask, row: str, given: Mapping[str, str]) -> Any:
    """What is asked about a row, and that it be theirs."""
    request: Any = ask.request(row)
    for item in items_of(request):
        holder = resource_field(item.DESCRIPTOR)
        assert holder is not None
        whole = getattr(item, holder.name)
        if "update_mask" in item.DESCRIPTOR.fields_by_name:
            item.update_mask.CopyFrom(FieldMask(paths=given))
        for name, value in given.items():
            setattr(whole, name, value)
    return request


async def _outcome(call: Callable[[Any], Any], request: Any) -> str:
    try:
        reply = await call(request)
    except DomainError as error:
        return f"{error.kind} {error.reason}"
    errors = map(from_status, dict(getattr(reply, "failed_requests", {})).values())
    return next((f"{each.kind} {each.reason}" for each in errors), _NEW)


def _given(asked: Asked, apart: Mapping[str, str]) -> Given:
    holder = resource_field(item_of(asked.request))
    fields = list(written_fields(holder)) if holder is not None else []
    named = [each for each in fields if each.full_name not in apart]
    hands_on = "update_mask" in item_of(asked.request).fields_by_name
    return Given(_naming("users/", named), _naming("teams/", named), hands_on)


def _naming(collection: str, fields: list[FieldDescriptor]) -> tuple[str, ...]:
    return tuple(each.name for each in fields if collection in pattern_of(each))


def _row(name: str, number: int) -> str:
    return f"{name.lower()}-given-{number}"
