"""People belong to an organization of the file, of the suite, or to one that is made for them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import grpc
import pytest
from guanxi.customer.v1 import customers_pb2

from cli.connection import Connection
from cli.imports import organizations
from tests.support.imports import customers_of, written


class Suite:
    """Answers every list with the same organizations, and keeps the filters."""

    def __init__(self, *customers: customers_pb2.Customer) -> None:
        self.customers = customers
        self.filters: list[str] = []
        self.page_sizes: set[int] = set()
        self.asked_for_deleted = False
        self.seconds: list[float] = []

    async def ListCustomers(self, request: Any, context: Any) -> Any:
        self.filters.append(request.filter)
        self.page_sizes.add(request.page_size)
        self.asked_for_deleted = request.show_deleted
        self.seconds.append(context.time_remaining())
        return customers_pb2.ListCustomersResponse(customers=self.customers)


@asynccontextmanager
async def connected(suite: Suite) -> AsyncIterator[Connection]:
    server = grpc.aio.server()
    handlers = {
        "ListCustomers": grpc.unary_unary_rpc_method_handler(
            suite.ListCustomers,
            request_deserializer=customers_pb2.ListCustomersRequest.FromString,
            response_serializer=customers_pb2.ListCustomersResponse.SerializeToString,
        )
    }
    service = "guanxi.customer.v1.CustomerService"
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(service, handlers),))
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        yield Connection(channel, ())
    await server.stop(0)


def organization(name: str, display_name: str, *, deleted: int = 0) -> customers_pb2.Customer:
    kind = customers_pb2.Customer.ORGANIZATION
    found = customers_pb2.Customer(name=name, display_name=display_name, kind=kind)
    if deleted:
        found.delete_time.seconds = deleted
    return found


def belong(path: Path, suite: Suite) -> tuple[list[str], list[str], list[str]]:
    """Whom each row belongs to, the organizations to be made, and what is left out."""

    async def main() -> tuple[list[str], list[str], list[str]]:
        new, refusals = customers_of(path)
        async with connected(suite) as connection:
            made, _ = await organizations.belong(new, refusals, connection)
        parents = [each.request.customer.parent_organization for each in new]
        return (
            parents,
            [each.customer_id for each in made],
            [each.reason for each in refusals.left_out],
        )

    return asyncio.run(main())


def test_an_organization_that_is_not_there_is_made_once(tmp_path: Path) -> None:
    path = written(tmp_path / "c.csv", "name,company\nMia,berg\nKai, BERG\nBo,\n")
    parents, [made], _ = belong(path, Suite())
    assert parents == [f"customers/{made}", f"customers/{made}", ""]


def test_a_company_is_never_a_person_whose_key_is_spelled_like_it(tmp_path: Path) -> None:
    path = written(tmp_path / "c.csv", "id,name,company\nBERG,Anna Meier,\n2,Bo,Berg\n")
    (_, parent), [made], _ = belong(path, Suite())
    assert parent == f"customers/{made}"
    assert made != "berg"


def test_space_between_words_makes_no_other_organization(tmp_path: Path) -> None:
    path = written(
        tmp_path / "c.csv", "name,company\nMia,Berg  Bau\nKai,Berg Bau\nBo,Berg\u00a0Bau\n"
    )
    parents, made, _ = belong(path, Suite())
    assert len(made) == 1
    assert len(set(parents)) == 1
    suite = Suite(organization("customers/v-77", "Berg   Bau"))
    assert belong(path, suite) == (["customers/v-77"] * 3, [], [])
    wide = written(tmp_path / "w.csv", "name,company\nMia,Berg  Bau\n")
    assert belong(wide, asked := Suite())[1] == made
    assert 'display_name = "Berg Bau"' in asked.filters[0]
    assert 'display_name = "Berg  Bau"' in asked.filters[0]


def test_one_of_the_suite_is_found_by_name_in_any_spelling(tmp_path: Path) -> None:
    suite = Suite(organization("customers/v-77", "Berg Ltd"))
    path = written(tmp_path / "c.csv", "name,company\nMia,ＢＥＲＧ ltd\n")
    assert belong(path, suite) == (["customers/v-77"], [], [])


def test_one_of_the_file_is_found_wherever_it_stands(tmp_path: Path) -> None:
    path = written(tmp_path / "c.csv", "name,id,kind,company\nMia,1,,Berg\nBerg,2,organization,\n")
    assert belong(path, Suite()) == (["customers/2", ""], [], [])


def test_of_two_with_one_name_none_is_guessed(tmp_path: Path) -> None:
    suite = Suite(organization("customers/a", "Berg"), organization("customers/b", "BERG"))
    path = written(tmp_path / "c.csv", "name,company\nMia,Berg\n")
    parents, made, left_out = belong(path, suite)
    assert (parents, made) == ([""], [])
    assert left_out == ["it could be customers/a or customers/b: the person went in without it"]


def test_a_deleted_one_is_taken_only_where_there_is_no_other(tmp_path: Path) -> None:
    path = written(tmp_path / "c.csv", "name,company\nMia,Berg\n")
    gone = organization("customers/a", "Berg", deleted=7)
    suite = Suite(gone)
    assert belong(path, suite) == (["customers/a"], [], [])
    assert suite.asked_for_deleted
    both = Suite(gone, organization("customers/b", "BERG"))
    assert belong(path, both) == (["customers/b"], [], [])


def test_many_names_are_asked_for_in_filters_that_are_short_enough(tmp_path: Path) -> None:
    suite = Suite()
    rows = "".join(f'Mia {n},"{n} \\ ""Berg"" * {"王" * 100}"\n' for n in range(60))
    belong(written(tmp_path / "c.csv", "name,company\n" + rows), suite)
    assert sum(each.count("display_name = ") for each in suite.filters) == 60
    assert all(len(each.encode()) <= 2048 for each in suite.filters)
    assert '\\\\ \\"Berg\\" \\*' in suite.filters[0]


@pytest.mark.parametrize(
    ("name", "count", "sizes"),
    [
        ("Berg {}", 25, [25]),
        ("Berg {}", 26, [25, 1]),
        ("Berg {}", 51, [25, 25, 1]),
        ("{:0>146}", 12, [12]),  # 2,000 bytes
        ("{:0>146}", 13, [12, 1]),
        ("{:0>380}", 5, [4, 1]),  # all five would have 2,001
    ],
)
def test_a_filter_names_25_organizations_or_has_2000_bytes(
    tmp_path: Path, name: str, count: int, sizes: list[int]
) -> None:
    suite = Suite()
    rows = "".join(f"Mia {number},{name.format(number)}\n" for number in range(10, 10 + count))
    belong(written(tmp_path / "c.csv", "name,company\n" + rows), suite)
    assert [each.count("display_name = ") for each in suite.filters] == sizes


def test_the_suite_has_thirty_seconds_for_each_and_tells_a_thousand(tmp_path: Path) -> None:
    belong(written(tmp_path / "c.csv", "name,company\nMia,Berg\n"), suite := Suite())
    assert suite.page_sizes == {1_000}
    assert all(29 < each <= 30.5 for each in suite.seconds)
