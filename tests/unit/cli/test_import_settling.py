"""Who names an owner or an organization that can't be had goes in without, and with as much as can
be; the directory of people, where there is one, says who is whom."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import grpc
import pytest
from google.protobuf.any_pb2 import Any as AnyMessage
from google.rpc import code_pb2, error_details_pb2, status_pb2
from guanxi.customer.v1.customers_pb2 import CreateCustomerRequest, Customer
from guanxi.sales.v1 import people_pb2, people_pb2_grpc

from cli.connection import Connection
from cli.imports.cells import BadValue
from cli.imports.customers import NewCustomer
from cli.imports.directory import people
from cli.imports.refusals import Refusals
from cli.imports.result import SoFar
from cli.imports.sending import Tally
from cli.imports.settling import send_settled

GONE = {"users/bo": "users/bo works here no more", "customers/o": "Berg is deleted"}


def status(reason: str) -> status_pb2.Status:
    info = AnyMessage()
    info.Pack(error_details_pb2.ErrorInfo(reason=reason))
    return status_pb2.Status(code=code_pb2.INVALID_ARGUMENT, message=reason, details=[info])


class Suite:
    """Keeps customers as the service does: what is there is told first, then who is refused."""

    def __init__(self) -> None:
        self.there: dict[str, Customer] = {}
        self.gone: set[str] = set(GONE)
        self.refused: set[str] = set()

    async def send(self, _: SoFar, requests: Sequence[CreateCustomerRequest]) -> Tally:
        tally = Tally()
        for index, request in enumerate(requests):
            name, customer = request.customer_id, request.customer
            if self.there.get(name) == customer:
                tally.unchanged += 1
            elif name in self.there:
                tally.changed_elsewhere[index] = f"customers/{name}"
            elif customer.owner in self.gone:
                tally.refused[index] = status("OWNER_INACTIVE")
            elif customer.parent_organization in self.gone:
                tally.refused[index] = status("PARENT_ORGANIZATION_NOT_FOUND")
            elif name in self.refused:
                tally.refused[index] = status("TEAM_NOT_ALLOWED")
            else:
                tally.created += 1
                self.there[name] = customer
        return tally

    def sent(self, gone: dict[str, str], *new: NewCustomer) -> tuple[Tally, list[tuple[str, str]]]:
        """What became of them, and the fields that were left out, with their values."""
        refusals = Refusals()
        tally = asyncio.run(send_settled(new, gone, self.send, SoFar(), refusals))
        return tally, [(each.field, each.value) for each in refusals.left_out]


def person(identifier: str, owner: str = "", organization: str = "") -> NewCustomer:
    customer = Customer(display_name="Mia", owner=owner, parent_organization=organization)
    request = CreateCustomerRequest(customer_id=identifier, customer=customer)
    return NewCustomer(2, request, "Berg" if organization else "")


OWNER, COMPANY = ("owner", "users/bo"), ("company", "Berg")


@pytest.mark.parametrize(
    ("owner", "organization", "left_out"),
    [
        ("users/ann", "customers/p", []),
        ("users/bo", "customers/p", [OWNER]),
        ("users/ann", "customers/o", [COMPANY]),
        ("users/bo", "customers/o", [OWNER, COMPANY]),
    ],
)
def test_no_more_is_left_out_than_must_be_and_the_same_again(
    owner: str, organization: str, left_out: list[tuple[str, str]]
) -> None:
    suite, one = Suite(), person("1", owner, organization)
    assert suite.sent(GONE, one) == (Tally(created=1), left_out)
    assert suite.sent(GONE, one) == (Tally(unchanged=1), left_out)


@pytest.mark.parametrize("first_gone", [set(), {"users/bo"}, {"customers/o"}, set(GONE)])
def test_who_is_there_is_found_again_whatever_was_gone_at_first(first_gone: set[str]) -> None:
    suite, one = Suite(), person("1", "users/bo", "customers/o")
    suite.gone = first_gone
    suite.sent({name: GONE[name] for name in first_gone}, one)
    suite.gone = set(GONE)
    assert suite.sent(GONE, one)[0] == Tally(unchanged=1)


def test_an_owner_of_whom_nothing_was_known_before_is_left_out_too() -> None:
    tally, left_out = Suite().sent({}, person("1", "users/bo"), person("2", "users/ann"))
    assert (tally, left_out) == (Tally(created=2), [OWNER])


def test_what_is_refused_for_something_else_is_told_as_that() -> None:
    suite = Suite()
    suite.refused = {"1"}
    tally, left_out = suite.sent(GONE, person("1", "users/bo"), person("2", "users/bo"))
    assert tally.created == 1
    assert [each.message for each in tally.refused.values()] == ["TEAM_NOT_ALLOWED"]
    assert left_out == [OWNER, OWNER]  # the first one's is dropped with its row


def test_who_is_there_with_other_content_stays_refused() -> None:
    suite = Suite()
    suite.there["1"] = Customer(display_name="Else")
    tally, left_out = suite.sent(GONE, person("1", "users/bo", "customers/o"))
    assert tally == Tally(changed_elsewhere={0: "customers/1"})
    assert not left_out


_Services: Any = people_pb2_grpc.PeopleServiceServicer


class Directory(_Services):  # type: ignore[misc]  # of which one method is called
    def __init__(self, *users: people_pb2.User, code: grpc.StatusCode | None = None) -> None:
        self.users = users
        self.code = code

    async def ListUsers(self, request: Any, context: Any) -> people_pb2.ListUsersResponse:
        if self.code is not None:
            await context.abort(self.code, "no")
        at = int(request.page_token or 0)
        more = str(at + 1) if at + 1 < len(self.users) else ""
        return people_pb2.ListUsersResponse(users=self.users[at : at + 1], next_page_token=more)


def named(directory: Directory, text: str) -> str:
    async def main() -> str:
        server = grpc.aio.server()
        people_pb2_grpc.add_PeopleServiceServicer_to_server(directory, server)
        port = server.add_insecure_port("127.0.0.1:0")
        await server.start()
        async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
            found = await people(Connection(channel, ()))
        await server.stop(0)
        return found.named(text, "owner")

    return asyncio.run(main())


def user(identifier: str, name: str, email: str = "") -> people_pb2.User:
    return people_pb2.User(name=f"users/{identifier}", display_name=name, email=email, active=True)


DIRECTORY = Directory(
    user("ann", "Ann Lee", "ann@x.example"), user("cy", "Cy"), user("di", "Cy"), user("lee", "Ann")
)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("ANN LEE", "users/ann"),
        ("Ann  Lee", "users/ann"),
        ("Ann@X.example", "users/ann"),
        ("users/cy", "users/cy"),
        ("Ann", "users/ann"),  # an id before a name
        ("nobody", "users/nobody"),
        ("", ""),
    ],
)
def test_people_are_found_by_what_they_are_called(text: str, name: str) -> None:
    assert named(DIRECTORY, text) == name


def test_a_name_of_two_is_nobodys_and_an_id_is_still_one() -> None:
    two = Directory(user("c1", "Cy Two"), user("c2", "Cy Two"))
    with pytest.raises(BadValue, match="owner 'Cy Two' could be users/c1 or users/c2"):
        named(two, "Cy Two")
    assert named(DIRECTORY, "Cy") == "users/cy"


@pytest.mark.parametrize("code", [grpc.StatusCode.PERMISSION_DENIED, grpc.StatusCode.UNIMPLEMENTED])
def test_where_the_directory_is_not_to_be_read_ids_are_understood(code: grpc.StatusCode) -> None:
    assert named(Directory(code=code), "ann") == "users/ann"
    with pytest.raises(BadValue, match="is no id in users"):
        named(Directory(code=code), "Ann Lee")
