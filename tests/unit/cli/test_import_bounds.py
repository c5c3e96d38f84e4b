"""How much an import takes: what just fits goes in as it is, and one more is told."""

from __future__ import annotations

import csv
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from cli.connection import CommandError
from cli.imports import sources
from cli.imports.cells import BadValue, clean
from cli.imports.numbers import Numbers
from cli.imports.values import Times
from tests.support.imports import collected, customers_of, opened, surveyed, written

HEADER = "order,date,qty,price,customer\n"
ROW = "V-1,2026-02-01,2,4.50,ANN\n"
_UTC = ZoneInfo("UTC")


@pytest.mark.parametrize(("titles", "found"), [(19, True), (20, False)])
def test_a_header_is_looked_for_in_the_first_twenty_lines(
    tmp_path: Path, titles: int, found: bool
) -> None:
    path = written(tmp_path / "o.csv", "Spring fair\n" * titles + HEADER + ROW)
    assert ("order" in opened(path).header) == found


def test_a_header_of_many_lines_is_read_whole_wherever_it_begins(tmp_path: Path) -> None:
    header = HEADER.replace("qty", '"qty{}"'.format("\n" * 15))
    source = opened(written(tmp_path / "o.csv", "Spring fair\n" * 19 + header + ROW))
    assert source.header == ("order", "date", "qty", "price", "customer")
    assert [line for line, _ in source.rows()] == [36]


def test_a_cell_has_a_million_characters_at_most(tmp_path: Path) -> None:
    long = "x" * 1_000_000
    path = written(tmp_path / "o.csv", f"{HEADER}{ROW * 60}V-1,2026-02-01,2,4.50,{long}\n")
    *_, (_, values) = opened(path).rows()
    assert values[4] == long
    assert csv.field_size_limit() == len(long)


def test_a_larger_cell_is_named_by_its_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sources, "_MAX_CELL_CHARACTERS", 1_000)
    for size, fits in ((1_000, True), (1_001, False)):
        path = written(tmp_path / "o.csv", f"{HEADER}V-1,2026-02-01,2,4.50,{'x' * size}\n")
        if fits:
            assert len(list(opened(path).rows())) == 1
        else:
            with pytest.raises(CommandError, match="line 2: field larger than field limit"):
                list(opened(path).rows())


def test_names_of_200_characters_and_regions_of_100_go_in_as_they_are(tmp_path: Path) -> None:
    path = written(
        tmp_path / "o.csv",
        "order,date,qty,price,customer,customer_name,region,sku,description\n"
        f"L-1,2026-02-01,1,5,KIM,{'K' * 200},{'N' * 100},PUMP,{'P' * 200}\n"
        f"L-2,2026-02-01,1,5,LEE,{'L' * 201},{'N' * 101},CUP,{'C' * 201}\n",
    )
    found, _, _ = surveyed(path)
    kim, lee = (found.customers[key].customer for key in ("kim", "lee"))
    assert (kim.display_name, kim.region) == ("K" * 200, "N" * 100)
    assert (lee.display_name, lee.region) == ("L" * 199 + "…", "")
    assert found.products["pump"].product.display_name == "P" * 200
    assert found.products["cup"].product.display_name == "C" * 199 + "…"
    _, refusals = collected(path)
    assert [(each.line, each.field) for each in refusals.cells()] == [
        (3, "customer_name"),
        (3, "region"),
        (3, "description"),
    ]
    reasons = [each.reason for each in refusals.cells()]
    assert reasons[0] == "longer than 200 characters: the name is its beginning"
    assert reasons[1] == "longer than 100 characters, which a region may not be"
    assert reasons[2] == "longer than 200 characters: the product's name is its beginning"


def test_phones_have_64_characters_and_addresses_254(tmp_path: Path) -> None:
    phone = "030 " + "9" * 60
    address = f"ann@{'x' * 242}.example"
    path = written(
        tmp_path / "c.csv", f"name,phone,email\nAnn,{phone};{phone}9,{address};a{address}\n"
    )
    [new], refusals = customers_of(path)
    assert [each.number for each in new.request.customer.phones] == [phone]
    assert [email.address for email in new.request.customer.emails] == [address]
    assert [each.value for each in refusals.cells()] == [f"{phone}9", f"a{address}"]


@pytest.mark.parametrize(
    ("cell", "taken"), [("123", True), ("1-2-3", True), ("12", False), ("ext 1", False)]
)
def test_a_phone_number_has_three_digits_at_least(tmp_path: Path, cell: str, taken: bool) -> None:
    [new], refusals = customers_of(written(tmp_path / "c.csv", f"name,phone\nAnn,{cell}\n"))
    assert bool(new.request.customer.phones) == taken
    assert bool(refusals.cells()) != taken


def test_an_amount_stays_below_a_thousand_billions() -> None:
    largest = "999999999999999.999999999"
    for sign in ("", "-"):
        money = Numbers().amount(sign + largest, "GBP")
        assert Decimal(money.units) + Decimal(money.nanos).scaleb(-9) == Decimal(sign + largest)
        with pytest.raises(BadValue, match="is too large"):
            Numbers().amount(f"{sign}1000000000000000", "GBP")


@pytest.mark.parametrize("error", ["#¡desbordamiento!", "#DESPEJAR!", "Err:508", "err:999"])
def test_the_longest_error_of_a_spreadsheet_is_no_value_either(error: str) -> None:
    assert clean(error, "region") == ""
    assert clean(f"{error}!", "region") == f"{error}!"


@pytest.mark.parametrize("digits", range(1, 18))
def test_only_what_is_as_long_as_a_count_is_told_as_one(digits: int) -> None:
    expected = {5: "is a spreadsheet's day number", 8: "is not like", 10: "is a Unix time"}
    expected |= dict.fromkeys((13, 16), "is a Unix time")
    with pytest.raises(BadValue, match=expected.get(digits, "is not like")):
        Times(zone=_UTC).read("9" * digits)
