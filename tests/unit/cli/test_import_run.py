"""What an import sends and in which order, and what it says became of it."""

from __future__ import annotations

import csv
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from google.protobuf.message import Message
from google.rpc import status_pb2
from guanxi.customer.v1 import customers_pb2, customers_pb2_grpc
from guanxi.gateway.v1 import company_pb2, company_pb2_grpc
from guanxi.sales.v1 import orders_pb2, orders_pb2_grpc, products_pb2, products_pb2_grpc
from typer.testing import CliRunner

from cli.connection import Interrupted
from cli.imports.result import SoFar
from cli.main import app
from services.chassis.errors import DomainError, Kind
from services.chassis.status import to_status
from tests.support.cli_gateway import reached
from tests.support.imports import written

ORDERS = (
    "order,date,qty,price,customer,product\n"
    "A-1,2024-01-05,1,10.00,ANN,PEN\nA-2,2024-01-06,1,10.00,BOB,INK\n"
)


def there(name: str, *, unchanged: bool) -> DomainError:
    told = {"resource": name, "unchanged": str(unchanged).lower()}
    return DomainError(Kind.ALREADY_EXISTS, "ALREADY_EXISTS", f"{name} exists", metadata=told)


def missing(reason: str) -> DomainError:
    return DomainError(Kind.NOT_FOUND, reason, "there is none")


# Stubs are typed for grpc.aio; the command runs a loop of its own, so this serves in threads.
_Services: Any = type(
    "_Services",
    (
        company_pb2_grpc.CompanyServiceServicer,
        customers_pb2_grpc.CustomerServiceServicer,
        orders_pb2_grpc.OrderServiceServicer,
        products_pb2_grpc.ProductServiceServicer,
    ),
    {},
)


class Gateway(_Services):  # type: ignore[misc]  # of several kinds, see above
    """Takes everything but what it is told to refuse; keeps the ids of each batch."""

    def __init__(self) -> None:
        self.batches: list[list[str]] = []
        self.refused: dict[str, status_pb2.Status] = {}
        self.interrupts_at = 0

    def GetCompany(self, request: Any, context: Any) -> company_pb2.Company:
        self._interrupt_if_it_is_time()
        return company_pb2.Company(base_currency_code="EUR", time_zone="UTC")

    def ListCustomers(self, request: Any, context: Any) -> customers_pb2.ListCustomersResponse:
        return customers_pb2.ListCustomersResponse()

    def BatchCreateCustomers(
        self, request: customers_pb2.BatchCreateCustomersRequest, context: Any
    ) -> Message:
        ids = [each.customer_id for each in request.requests]
        return customers_pb2.BatchCreateCustomersResponse(failed_requests=self._failed(ids))

    def BatchCreateProducts(
        self, request: products_pb2.BatchCreateProductsRequest, context: Any
    ) -> Message:
        ids = [each.product_id for each in request.requests]
        return products_pb2.BatchCreateProductsResponse(failed_requests=self._failed(ids))

    def BatchCreateOrders(
        self, request: orders_pb2.BatchCreateOrdersRequest, context: Any
    ) -> Message:
        ids = [each.order_id for each in request.requests]
        self._interrupt_if_it_is_time()
        return orders_pb2.BatchCreateOrdersResponse(failed_requests=self._failed(ids))

    def refuse(self, id_: str, error: DomainError) -> None:
        self.refused[id_] = to_status(error, domain="sales")

    def _interrupt_if_it_is_time(self) -> None:
        """Does as Ctrl-C does while the caller waits, and answers when it is over."""
        self.interrupts_at -= 1
        if self.interrupts_at == 0:
            signal.raise_signal(signal.SIGINT)
            time.sleep(0.5)

    def _failed(self, ids: list[str]) -> dict[int, status_pb2.Status]:
        self.batches.append(ids)
        return {at: self.refused[id_] for at, id_ in enumerate(ids) if id_ in self.refused}


@pytest.fixture
def gateway(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Gateway]:
    gateway = Gateway()
    monkeypatch.chdir(tmp_path)
    # What a shell runs in the background is deaf to it.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    with reached(
        monkeypatch,
        gateway,
        company_pb2_grpc.add_CompanyServiceServicer_to_server,
        customers_pb2_grpc.add_CustomerServiceServicer_to_server,
        orders_pb2_grpc.add_OrderServiceServicer_to_server,
        products_pb2_grpc.add_ProductServiceServicer_to_server,
        threads=2,
    ):
        yield gateway
    signal.signal(signal.SIGINT, before)


Imported = Callable[..., dict[str, list[int]]]


@pytest.fixture
def imported(gateway: Gateway) -> Imported:
    """Imports a file; returns how many of each kind are new, there already, and refused."""

    def run(kind: str, text: str, *options: str) -> dict[str, list[int]]:
        path = written(Path("file.csv"), text)
        result = CliRunner().invoke(app, ["import", kind, str(path), "--no-wait", *options])
        assert result.exit_code in (0, 3), result.output
        rows = (line.replace("│", " ").split() for line in result.output.splitlines())
        return {
            row[0]: [int(cell) for cell in row[1:]]
            for row in rows
            if len(row) == 4 and all(cell.isdigit() for cell in row[1:])
        }

    return run


def _reasons() -> list[str]:
    """Of every refused row its line and why, as the file says that is left for the user."""
    with Path("file.csv.refused.csv").open(encoding="utf-8-sig", newline="") as file:
        _, *rows = csv.reader(file)
    return [f"{line}: {reason}" for line, reason, *_ in rows]


@pytest.mark.parametrize(
    ("options", "told", "not_told"),
    [((), "Imported", "Would import"), (("--dry-run",), "Would import", "Imported")],
)
def test_the_counts_say_whether_rows_went_in_or_only_would(
    gateway: Gateway, options: tuple[str, ...], told: str, not_told: str
) -> None:
    path = written(Path("file.csv"), "customer,name\nP-1,Mia Berg\n")
    command = ["import", "customers", str(path), "--no-wait", *options]
    output = CliRunner().invoke(app, command).output
    assert told in output
    assert not_told not in output


def test_organizations_go_in_before_the_people_who_belong_to_them(
    gateway: Gateway, imported: Imported
) -> None:
    text = "customer,name,company\nP-1,Mia Berg,Berg Bau\nB-1,Sand Ltd,\n"
    assert imported("customers", text) == {"organizations": [1, 0, 0], "customers": [2, 0, 0]}
    organization, people = gateway.batches
    assert len(organization) == 1
    assert people == ["b-1", "p-1"]


def test_of_organizations_nothing_is_said_where_none_had_to_be_made(
    gateway: Gateway, imported: Imported
) -> None:
    assert imported("customers", "customer,name\nP-1,Mia Berg\n") == {"customers": [1, 0, 0]}
    assert gateway.batches == [["p-1"]]


def test_orders_customers_and_products_are_counted_each(
    gateway: Gateway, imported: Imported
) -> None:
    gateway.refuse("ann", there("customers/ann", unchanged=True))
    gateway.refuse("pen", there("products/pen", unchanged=False))
    gateway.refuse("a-1", there("orders/a-1", unchanged=True))
    assert imported("orders", ORDERS) == {
        "customers": [1, 1, 0],
        "products": [1, 1, 0],
        "orders": [1, 1, 0],
    }


def test_orders_of_a_refused_customer_or_product_are_refused_and_not_sent(
    gateway: Gateway, imported: Imported
) -> None:
    gateway.refuse("bob", missing("TEAM_NOT_FOUND"))
    assert imported("orders", ORDERS)["orders"] == [1, 0, 1]
    assert gateway.batches[-1] == ["a-1"]


def test_an_order_that_is_there_with_other_content_is_refused_by_its_line(
    gateway: Gateway, imported: Imported
) -> None:
    gateway.refuse("a-2", there("orders/a-2", unchanged=False))
    assert imported("orders", ORDERS)["orders"] == [1, 0, 1]
    (reason,) = _reasons()
    assert reason.startswith("3: orders/a-2 exists already with other content")


def test_a_dry_run_takes_for_there_what_the_file_itself_would_make(
    gateway: Gateway, imported: Imported
) -> None:
    gateway.refuse("a-1", missing("PRODUCT_NOT_FOUND"))
    gateway.refuse("a-2", missing("TEAM_NOT_FOUND"))
    assert imported("orders", ORDERS, "--dry-run")["orders"] == [1, 0, 1]
    assert imported("orders", ORDERS)["orders"] == [0, 0, 2]


def test_a_dry_run_of_customers_takes_for_there_the_organizations_it_would_make(
    gateway: Gateway, imported: Imported
) -> None:
    text = "customer,name,company\nP-1,Mia Berg,Berg Bau\nP-2,Bo Sand,\n"
    gateway.refuse("p-1", missing("PARENT_ORGANIZATION_NOT_FOUND"))
    gateway.refuse("p-2", missing("TEAM_NOT_FOUND"))
    assert imported("customers", text, "--dry-run")["customers"] == [1, 0, 1]
    assert imported("customers", text)["customers"] == [0, 0, 2]


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("orders", "order,date,qty,price,client\nA-1,2024-01-05,1,10.00,ANN\n"),
        ("customers", "CRM ID,name\n501,Ann\n502,Bo\n"),
    ],
)
def test_nothing_is_sent_where_keys_may_be_under_another_name(
    gateway: Gateway, imported: Imported, kind: str, text: str
) -> None:
    with pytest.raises(AssertionError):
        imported(kind, text)
    assert not gateway.batches
    imported(kind, text, "--map", "customer=")
    assert gateway.batches


def test_a_date_format_that_says_nothing_is_one_sentence(gateway: Gateway, tmp_path: Path) -> None:
    path = written(tmp_path / "o.csv", ORDERS)
    told = CliRunner().invoke(app, ["import", "orders", str(path), "--date-format", "DD.MM.YYYY"])
    assert str(told.exception).startswith("--date-format DD.MM.YYYY: write it as strftime has it")
    assert not gateway.batches


def _stopped(*options: str) -> str:
    """What is said of an import that is interrupted."""
    path = written(Path("file.csv"), ORDERS)
    result = CliRunner().invoke(app, ["import", "orders", str(path), "--no-wait", *options])
    assert isinstance(result.exception, Interrupted)
    return str(result.exception)


def test_an_import_that_is_interrupted_says_how_much_had_gone_in(gateway: Gateway) -> None:
    gateway.interrupts_at = 2
    assert _stopped() == (
        "Stopped; at least 2 new customers, 2 new products had gone in. Run it again: what"
        " is there already is left as it is."
    )
    gateway.interrupts_at = 2
    assert _stopped("--dry-run") == "Stopped; nothing had gone in. Run it again."


def test_an_import_that_is_interrupted_before_it_sends_says_so(gateway: Gateway) -> None:
    gateway.interrupts_at = 1
    assert _stopped() == "Stopped; nothing had gone in. Run it again."
    assert not gateway.batches


def test_what_was_on_its_way_when_an_import_was_interrupted_may_have_gone_in() -> None:
    so_far = SoFar()
    so_far.tally("customers")
    assert so_far.told(dry_run=False).startswith("Stopped; what was on its way may have gone in.")
    assert so_far.told(dry_run=True) == "Stopped; nothing had gone in. Run it again."
