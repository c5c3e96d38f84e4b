"""Customers whose owner has left, or whose company is deleted: they go in without, and are the same
customers whenever they are imported again."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.suite import Suite, running_suite


@pytest.fixture(scope="module")
def suite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Suite]:
    with running_suite(tmp_path_factory.mktemp("import-again")) as suite:
        users = [("ann", "Ann Lee"), ("bo", "Bo Left"), ("cy", "Cy Two"), ("di", "Cy Two")]
        for identifier, name in users:
            user = {"displayName": name, "email": f"{identifier}@firm.example"}
            assert suite.request("POST", f"/v1/users?userId={identifier}", user)[0] == 200
        leave(suite, "bo")
        yield suite


def leave(suite: Suite, user: str) -> None:
    assert suite.request("POST", f"/v1/users/{user}:deactivate", {})[0] == 200


def imported(suite: Suite, path: Path, *options: str) -> tuple[str, list[str]]:
    """What is said of an import of customers, and the values left out with their reasons."""
    cells = suite.folder / f"{path.name}.cells.csv"
    cells.unlink(missing_ok=True)
    said = suite.guanxi("import", "customers", str(path), "--no-wait", *options).stdout
    return said, cells.read_text("utf-8-sig").splitlines()[1:] if cells.exists() else []


def owner(suite: Suite, identifier: str) -> str:
    return str(suite.get(f"/v1/customers/{identifier}").get("owner", ""))


def test_who_has_left_or_was_never_here_refuses_no_customer(suite: Suite, tmp_path: Path) -> None:
    path = tmp_path / "left.csv"
    path.write_text("id,name,owner\nO-1,Mia,bo\nO-2,Kai,nobody\nO-3,Lea,ann\n")
    for _ in range(2):
        said, left_out = imported(suite, path)
        assert "3 rows read, 0 refused." in said
        assert left_out == [
            "2,owner,users/bo,users/bo works here no more: the customer went in without it",
            "3,owner,users/nobody,users/nobody is not in the directory of people: the customer"
            " went in without it",
        ]
    assert [owner(suite, each) for each in ("o-1", "o-2", "o-3")] == ["", "", "users/ann"]


def test_a_dry_run_tells_so_also_of_people_whose_company_is_to_be_made(
    suite: Suite, tmp_path: Path
) -> None:
    path = tmp_path / "dry.csv"
    path.write_text("id,name,owner,company\nD-1,Mia,bo,New Ltd\n")
    assert "1 rows read, 0 refused." in imported(suite, path, "--dry-run")[0]
    told = (suite.folder / "dry.csv.dry-run.cells.csv").read_text("utf-8-sig")
    assert "2,owner,users/bo,users/bo works here no more" in told


def test_whoever_leaves_later_changes_nothing(suite: Suite, tmp_path: Path) -> None:
    suite.request("POST", "/v1/users?userId=ed", {"displayName": "Ed"})
    path = tmp_path / "later.csv"
    path.write_text("id,name,owner\nL-1,Mia,ed\n")
    imported(suite, path)
    leave(suite, "ed")
    said, left_out = imported(suite, path)
    assert "1 rows read, 0 refused." in said
    assert not left_out
    assert owner(suite, "l-1") == "users/ed"


def test_owners_are_found_by_address_and_by_a_name_that_is_one_persons(
    suite: Suite, tmp_path: Path
) -> None:
    path = tmp_path / "named.csv"
    rows = ["N-1,Mia,Ann Lee", "N-2,Kai,ANN@firm.example", "N-3,Lea,Cy Two", "N-4,Tom,Ann Ost"]
    path.write_text("\n".join(["id,name,owner", *rows]))
    _, left_out = imported(suite, path)
    assert [owner(suite, f"n-{n}") for n in (1, 2, 3, 4)] == ["users/ann", "users/ann", "", ""]
    assert [each.split(",")[2] for each in left_out] == ["Cy Two", "Ann Ost"]
    assert "could be users/cy or users/di" in left_out[0]


def test_orders_and_touchpoints_name_people_so_too(suite: Suite, tmp_path: Path) -> None:
    orders = tmp_path / "sold.csv"
    orders.write_text("order,date,qty,price,customer,seller\nS-1,2026-01-05,1,1.00,S1,Ann Lee\n")
    suite.guanxi("import", "orders", str(orders), "--no-wait")
    assert suite.get("/v1/orders/s-1")["seller"] == "users/ann"
    touches = tmp_path / "touched.csv"
    touches.write_text("customer,type,date,actor,id\nO-3,CALL,2026-01-05,Ann Lee,T-1\n")
    suite.guanxi("import", "touchpoints", str(touches), "--no-wait")
    [touchpoint] = suite.get("/v1/customers/o-3/touchpoints")["touchpoints"]
    assert touchpoint["actor"] == "users/ann"


@pytest.mark.parametrize("options", [("--dry-run",), ()])
def test_a_company_that_is_deleted_refuses_nobody(
    suite: Suite, tmp_path: Path, options: tuple[str, ...]
) -> None:
    first = tmp_path / "first.csv"
    first.write_text("id,name,company\nC-1,Mia,Gone Ltd\n")
    imported(suite, first)
    company = suite.get("/v1/customers/c-1")["parentOrganization"]
    suite.request("DELETE", f"/v1/{company}")
    second = tmp_path / "second.csv"
    second.write_text("id,name,company,owner\nC-2,Kai,Gone Ltd,bo\n")
    said, _ = imported(suite, second, *options)
    assert "1 rows read, 0 refused." in said
    assert "organizations" not in said
    told = suite.folder / f"second.csv{'.dry-run' if options else ''}.cells.csv"
    assert (
        f"2,company,Gone Ltd,Gone Ltd is deleted; POST /v1/{company}:undelete brings it back: the"
        " customer went in without it"
    ) in told.read_text("utf-8-sig")
    if not options:
        kai = suite.get("/v1/customers/c-2")
        assert "parentOrganization" not in kai
        assert "owner" not in kai
        assert "1 rows read, 0 refused." in imported(suite, second)[0]
    assert imported(suite, first)[1] == []  # as it was when it went in


@pytest.mark.parametrize("options", [("--dry-run",), ()])
def test_a_company_that_can_not_be_refuses_nobody(
    suite: Suite, tmp_path: Path, options: tuple[str, ...]
) -> None:
    path = tmp_path / "long.csv"
    path.write_text(f"id,name,company\nL-9,Mia,{'x' * 201}\n")
    said, _ = imported(suite, path, *options)
    assert "1 rows read, 0 refused." in said
    told = suite.folder / f"long.csv{'.dry-run' if options else ''}.cells.csv"
    assert "x,it was refused: customer.display_name" in told.read_text("utf-8-sig")
