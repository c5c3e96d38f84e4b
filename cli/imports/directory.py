"""Who works here, as files name them: by id, by e-mail address, or by a name of theirs alone."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

import grpc
from guanxi.sales.v1.people_pb2 import ListUsersRequest, User
from guanxi.sales.v1.people_pb2_grpc import PeopleServiceStub

from cli.connection import Connection
from cli.imports.cells import BadValue, as_name, folded
from cli.imports.values import name_in

_PAGE_SIZE = 1_000
_ASK_SECONDS = 30
# Of a key that may not read the directory, and of a gateway that is older than it.
_NOT_TO_BE_READ = (grpc.StatusCode.PERMISSION_DENIED, grpc.StatusCode.UNIMPLEMENTED)


@dataclass(frozen=True, slots=True)
class People:
    """The directory of people: by name whether they work here, and names by what people are called.
    Empty where there is none, or the caller may not read it: then only ids are understood."""

    active: Mapping[str, bool] = field(default_factory=dict)
    called: Mapping[str, Collection[str]] = field(default_factory=dict)

    def named(self, text: str, noun: str) -> str:
        """`ann`, `Ann@firm.example` or `Ann Lee` → `users/ann`; an empty cell stays so.

        Raises:
            BadValue: it can be nobody's, or several people's.
        """
        found = self.called.get(as_name(text), ())
        if not found or f"users/{folded(text)}" in self.active:
            return name_in("users", text, noun)
        if len(found) > 1:
            raise BadValue(f"{noun} {text!r} could be {' or '.join(sorted(found))}")
        return next(iter(found))

    def gone(self, names: Iterable[str]) -> dict[str, str]:
        """Those to whom nothing can be given, as far as is known, and why."""
        if not self.active:
            return {}
        told = {True: "", False: "works here no more", None: "is not in the directory of people"}
        found = {name: told[self.active.get(name)] for name in names if name}
        return {name: f"{name} {why}" for name, why in found.items() if why}


async def people(connection: Connection) -> People:
    """Everybody in the directory, as far as the caller may know."""
    stub = PeopleServiceStub(connection.channel)
    users: list[User] = []
    token = ""
    while True:
        try:
            reply = await stub.ListUsers(
                ListUsersRequest(page_size=_PAGE_SIZE, page_token=token),
                metadata=connection.metadata,
                timeout=_ASK_SECONDS,
            )
        except grpc.aio.AioRpcError as error:
            if error.code() in _NOT_TO_BE_READ:
                return People()
            raise
        users += reply.users
        token = reply.next_page_token
        if not token:
            return _of(users)


def _of(users: Iterable[User]) -> People:
    called: defaultdict[str, set[str]] = defaultdict(set)
    for user in users:
        for text in filter(None, (user.email, user.display_name)):
            called[as_name(text)].add(user.name)
    return People({user.name: user.active for user in users}, dict(called))
