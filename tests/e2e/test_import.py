"""A company's own orders, imported as a user does it: nothing refused, nothing lost, twice the
same, and the facts agree with a computation of their own."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import ROUND_HALF_EVEN, Decimal
from pathlib import Path
from typing import Any

import pytest

from gateway.signin.keys import create_key
from tests.support.retail import Line, retail_lines, write_csv
from tests.support.suite import Suite, running_suite, settled_facts

_CENT = Decimal("0.01")
_INVOICES = 400
_ZONE = "Asia/Shanghai"


@pytest.fixture(scope="module")
def importer(suite: Suite) -> str:
    """An API key as another program of the company has it."""
    keys = suite.folder / "api-keys.json"
    return create_key(keys, "users/importer", roles=("app",), now=datetime.now(UTC))


def _file(folder: Path, name: str, text: str) -> str:
    path = folder / name
    path.write_text(text, "utf-8")
    return str(path)


def _named(suite: Suite, **query: str) -> dict[str, Any]:
    """The one customer that a filter finds."""
    [customer] = suite.get("/v1/customers", **query)["customers"]
    assert isinstance(customer, dict)
    return customer


@pytest.fixture(scope="module")
def lines() -> list[Line]:
    return list(retail_lines(seed=7, invoices=_INVOICES))


@pytest.fixture(scope="module")
def suite(tmp_path_factory: pytest.TempPathFactory, lines: list[Line]) -> Iterator[Suite]:
    folder = tmp_path_factory.mktemp("import")
    last_day = max(line.invoice_time for line in lines)[:10]
    settings = {"base_currency": "GBP", "time_zone": _ZONE, "business_date": last_day}
    with running_suite(folder / "data", **settings) as suite:
        path = write_csv(lines, folder / "orders.csv.gz")
        printed = suite.guanxi("import", "orders", str(path)).stdout
        assert "0 refused" in printed, printed
        yield suite


def _amount(line: Line) -> Decimal:
    return (line.quantity * Decimal(line.unit_price)).quantize(_CENT, ROUND_HALF_EVEN)


def _money(message: dict[str, str | int]) -> Decimal:
    return Decimal(message.get("units", "0")) + Decimal(message.get("nanos", 0)).scaleb(-9)


def test_orders_and_sums_are_those_of_the_file(suite: Suite, lines: list[Line]) -> None:
    summary = suite.get("/v1/orders:summarize")
    identified = [line for line in lines if line.customer_id]
    assert int(summary["orderCount"]) == len({line.invoice for line in lines})
    assert int(summary["customerCount"]) == len({line.customer_id for line in identified})
    assert _money(summary["baseNetAmount"]) == sum(map(_amount, lines))
    assert _money(summary["identifiedBaseNetAmount"]) == sum(map(_amount, identified))


def test_importing_the_file_again_changes_nothing(
    suite: Suite, lines: list[Line], tmp_path: Path
) -> None:
    before = suite.get("/v1/orders:summarize"), settled_facts(suite)
    path = write_csv(lines, tmp_path / "orders.csv.gz")
    printed = suite.guanxi("import", "orders", str(path)).stdout
    after = suite.get("/v1/orders:summarize"), settled_facts(suite)
    assert after == before
    assert "0 refused" in printed


def test_a_dry_run_changes_nothing_and_says_what_would_happen(suite: Suite, tmp_path: Path) -> None:
    before = suite.get("/v1/orders:summarize")
    path = tmp_path / "more.csv"
    path.write_text(
        "order,order_time,product,quantity,unit_price,customer\nN-1,2011-01-01,new,1,2.50,99999\n"
    )
    printed = suite.guanxi("import", "orders", str(path), "--dry-run").stdout
    assert "Would import" in printed
    assert suite.get("/v1/orders:summarize") == before


def test_refused_rows_go_to_a_file_and_the_rest_goes_in(suite: Suite, tmp_path: Path) -> None:
    path = tmp_path / "mixed.csv"
    path.write_text(
        "order,order_time,product,quantity,unit_price,customer\n"
        "M-1,2011-01-01,new,1,2.50,88888\n"
        "M-2,2011-01-01,new,some,2.50,88888\n"
    )
    result = suite.guanxi("import", "orders", str(path), check=False)
    assert result.returncode == 3
    refused = (suite.folder / "mixed.csv.refused.csv").read_text("utf-8-sig").splitlines()
    assert (
        refused[1] == "3,quantity 'some' is not a whole number,M-2,2011-01-01,new,some,2.50,88888"
    )
    assert suite.get("/v1/orders/m-1")["netAmount"] == {
        "currencyCode": "GBP",
        "units": "2",
        "nanos": 500000000,
    }
    assert suite.request("GET", "/v1/orders/m-2")[0] == 404


def test_two_customers_of_other_scripts_are_two_and_each_has_a_brief(
    suite: Suite, importer: str, tmp_path: Path
) -> None:
    header = "order,date,qty,price,customer,customer_name,sku\n"
    for order, key, price in (("Z-1", "张伟-3", "15.00"), ("Z-2", "李娜-3", "99.00")):
        row = f"{order},2010-12-02,1,{price},{key},{key},茶-1\n"
        path = _file(tmp_path, f"{order}.csv", header + row)
        suite.guanxi("import", "orders", path, key=importer)
    told = suite.guanxi("brief", "李娜-3", key=importer).stdout
    assert "99.00 GBP on 1 days" in told
    assert "15.00 GBP on 1 days" in suite.guanxi("brief", "张伟-3", key=importer).stdout


def test_two_customers_whose_keys_differ_only_in_case_are_two_if_the_user_says_so(
    suite: Suite, tmp_path: Path
) -> None:
    one, other = "001Ab000001xYzA", "001AB000001xYza"
    people = _file(tmp_path, "sf.csv", f"Id,Name\n{one},Maple Dental\n{other},Cedar Freight\n")
    refused = suite.guanxi("import", "customers", people, "--no-wait", check=False)
    assert "2 rows read, 2 refused." in refused.stdout
    suite.guanxi("import", "customers", people, "--no-wait", "--keys-with-case")
    rows = f"SF-1,2010-12-02,1,10.00,{one}\nSF-2,2010-12-02,1,900.00,{other}\n"
    orders = _file(tmp_path, "sfo.csv", f"order,date,qty,price,customer\n{rows}")
    suite.guanxi("import", "orders", orders, "--keys-with-case")
    for key, name, spent in ((one, "Maple Dental", "10.00"), (other, "Cedar Freight", "900.00")):
        told = suite.guanxi("brief", key, "--keys-with-case").stdout
        assert name in told
        assert f"{spent} GBP on 1 days" in told


def test_a_day_is_one_of_the_company(suite: Suite, tmp_path: Path) -> None:
    text = "order,date,qty,price,customer\nD-1,2010-12-03,1,1.00,DAY\n"
    suite.guanxi("import", "orders", _file(tmp_path, "d.csv", text), "--no-wait")
    assert suite.get("/v1/orders/d-1")["orderTime"] == "2010-12-02T16:00:00Z"


def test_nothing_is_sent_of_a_file_with_an_open_quote(suite: Suite, tmp_path: Path) -> None:
    before = suite.get("/v1/orders:summarize")
    text = 'order,date,qty,price,customer\nQ-1,2010-12-03,1,1.00,QUO\nQ-2,2010-12-03,1,1,"QUO\n'
    result = suite.guanxi("import", "orders", _file(tmp_path, "q.csv", text), check=False)
    assert result.returncode == 1
    assert "line 3: a quote opens here" in result.stdout
    assert "Traceback" not in result.stdout
    assert suite.get("/v1/orders:summarize") == before


def test_people_belong_to_their_company_and_are_found_however_they_are_typed(
    suite: Suite, importer: str, tmp_path: Path
) -> None:
    path = _file(
        tmp_path,
        "people.csv",
        "id,First Name,Last Name,Email,Phone,Company\n"
        "P-1,Mia,Berg,Mia@Berg-Bau.example,030 901820 ext 7,Berg Bau\n"
        "P-2,Kai,Sand,kai@berg-bau.example,ask at the desk,ＢＥＲＧ bau\n",
    )
    first = suite.guanxi("import", "customers", path, key=importer).stdout
    assert "2 rows read, 0 refused." in first
    assert "1 values left out of rows that went in" in first
    cells = (suite.folder / "people.csv.cells.csv").read_text("utf-8-sig")
    assert "3,phones,ask at the desk,no phone number" in cells
    mia = _named(suite, filter='emails:"mia@BERG-bau.example" AND phones:"030901820*"')
    assert mia["displayName"] == "Mia Berg"
    assert [each["number"] for each in mia["phones"]] == ["030 901820 ext 7"]
    company = _named(suite, filter='kind = ORGANIZATION AND display_name = "berg bau"')
    assert mia["parentOrganization"] == company["name"]
    kai = suite.get("/v1/customers/p-2")
    assert kai["parentOrganization"] == company["name"]
    again = suite.guanxi("import", "customers", path, key=importer).stdout
    assert "2 rows read, 0 refused." in again


def test_an_order_of_an_impossible_day_is_refused_and_nothing_of_its_customer_is(
    suite: Suite, tmp_path: Path
) -> None:
    text = (
        "order,date,qty,price,customer\n"
        "Y-1,0203-04-05,1,10.00,CUST-Y\nY-2,1899-12-31,1,10.00,CUST-Y\n"
        "Y-3,2010-04-05,1,10.00,CUST-Y\nY-4,2999-04-05,1,10.00,CUST-Y\n"
    )
    result = suite.guanxi(
        "import", "orders", _file(tmp_path, "y.csv", text), "--no-wait", check=False
    )
    assert result.returncode == 3
    refused = (suite.folder / "y.csv.refused.csv").read_text("utf-8-sig").splitlines()
    assert [line.split(",")[0] for line in refused[1:]] == ["2", "3", "5"]
    assert suite.get("/v1/orders/y-3")["customer"] == "customers/cust-y"
    assert suite.get("/v1/customers/cust-y")["firstSeenTime"] == "2010-04-04T16:00:00Z"


def test_what_exists_with_other_content_stays_and_one_is_told_what_to_do(
    suite: Suite, tmp_path: Path
) -> None:
    orders = "order,date,qty,price,customer\nE-1,2010-04-05,1,{},CUST-E\n"
    first = _file(tmp_path, "e1.csv", orders.format("10.00"))
    suite.guanxi("import", "orders", first, "--no-wait")
    second = _file(tmp_path, "e.csv", orders.format("999.00"))
    suite.guanxi("import", "orders", second, "--no-wait", check=False)
    told = (suite.folder / "e.csv.refused.csv").read_text("utf-8-sig")
    assert "orders/e-1 exists already with other content" in told
    assert "cancel it with POST /v1/orders/e-1:cancel" in told
    assert suite.get("/v1/orders/e-1")["netAmount"]["units"] == "10"
    text = "customer,name,phone\nCUST-E,Fern Studio,555 0101\n"
    path = _file(tmp_path, "ec.csv", text)
    suite.guanxi("import", "customers", path, "--no-wait", check=False)
    told = (suite.folder / "ec.csv.refused.csv").read_text("utf-8-sig")
    assert "change it with PATCH /v1/customers/cust-e" in told


def test_a_dry_run_leaves_the_files_of_a_real_one(suite: Suite, tmp_path: Path) -> None:
    rows = "kept,2010-04-05,x,1.00,CUST-D\nother,2010-04-05,x,1.00,CUST-D\n"
    path = Path(_file(tmp_path, "dr.csv", "order,date,qty,price,customer\n" + rows))
    suite.guanxi("import", "orders", str(path), check=False)
    refused = suite.folder / "dr.csv.refused.csv"
    mended = refused.read_text("utf-8-sig").replace(",x,", ",1,")
    refused.write_text(mended, "utf-8")
    suite.guanxi("import", "orders", str(path), "--dry-run", check=False)
    assert refused.read_text("utf-8-sig") == mended
    assert (suite.folder / "dr.csv.dry-run.refused.csv").read_text("utf-8-sig").count(",x,") == 2
    suite.guanxi("import", "orders", str(refused), "--no-wait")
    assert suite.get("/v1/orders/kept")["customer"] == "customers/cust-d"
