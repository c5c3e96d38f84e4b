"""A file without keys of customers is asked about where it may have them under another name."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from cli.connection import CommandError
from cli.imports import customers
from cli.imports.columns import Columns, Field, parse_assignments
from cli.imports.keyless import expect_customers_of_orders, expect_keys_of_customers
from cli.imports.survey import FIELDS

ORDERS = ("order", "date", "qty", "price")


def _expect_keys(column: str, keys: list[str], *assignments: str) -> None:
    header = ("name", column)
    chosen = parse_assignments(assignments, None)
    located = Columns(customers.FIELDS, chosen).locate(header)
    rows = [(line, ["Ann", key, ""]) for line, key in enumerate(keys, start=2)]
    expect_keys_of_customers(located, chosen, header, rows)


@pytest.mark.parametrize("column", ["CRM ID", "crmId", "Member No.", "Kundennummer", "Ref", "code"])
def test_customers_are_asked_for_their_keys_where_a_column_looks_like_them(column: str) -> None:
    with pytest.raises(CommandError) as told:
        _expect_keys(column, ["501", "502", "#N/A"])
    assert f'Say --map "customer={column}" if it has them' in str(told.value)
    assert "--map customer= if there are no keys" in str(told.value)


@pytest.mark.parametrize(
    ("column", "keys", "assignments"),
    [
        ("CRM ID", ["501", "501"], []),
        ("CRM ID", ["501", ""], []),
        ("CRM ID", ["501", "502"], ["customer="]),
        ("CRM ID", ["501", "502"], ["customer=CRM ID"]),
        ("Record ID", ["501", "502"], []),
        ("Phone Number", ["501", "502"], []),
        ("Fax No", ["501", "502"], []),
        ("Piano", ["501", "502"], []),
        ("Paid", ["501", "502"], []),
        ("Notes", ["501", "502"], []),
    ],
)
def test_what_is_no_column_of_keys_or_is_settled_is_not_asked_about(
    column: str, keys: list[str], assignments: list[str]
) -> None:
    _expect_keys(column, keys, *assignments)


@pytest.mark.parametrize("column", ["Client", "Kunde", "Buyer ID", "Billing E-Mail", "客户"])
def test_orders_are_asked_whose_they_are_where_a_column_speaks_of_customers(column: str) -> None:
    header = (*ORDERS, column)
    with pytest.raises(CommandError) as told:
        expect_customers_of_orders(Columns(FIELDS, {}).locate(header), {}, header)
    assert f'all orders would be walk-ins: say --map "customer={column}"' in str(told.value)


@pytest.mark.parametrize(
    ("columns", "told"),
    [
        (("Client",), "not used is Client."),
        (("note", "Client", "Buyer"), "not used are Client, Buyer."),
    ],
)
def test_all_columns_that_speak_of_customers_are_told(columns: tuple[str, ...], told: str) -> None:
    header = (*ORDERS, *columns)
    with pytest.raises(CommandError) as raised:
        expect_customers_of_orders(Columns(FIELDS, {}).locate(header), {}, header)
    assert 'say --map "customer=Client" or another' in str(raised.value)
    assert str(raised.value).endswith(told)


@pytest.mark.parametrize(
    ("columns", "assignments"),
    [
        (("customer", "client"), []),
        (("client",), ["customer="]),
        (("client",), ["customer=client"]),
        (("note", "country", "sku"), []),
    ],
)
def test_orders_whose_customers_are_known_or_that_speak_of_none_are_not_asked_about(
    columns: tuple[str, ...], assignments: list[str]
) -> None:
    header, chosen = (*ORDERS, *columns), parse_assignments(assignments, None)
    expect_customers_of_orders(Columns(FIELDS, chosen).locate(header), chosen, header)


@pytest.mark.parametrize(
    ("fields", "header", "field"),
    [
        (customers.FIELDS, ("name", "Record ID"), "customer"),
        (customers.FIELDS, ("name", "Contact owner"), "owner"),
        (customers.FIELDS, ("name", "Sales rep"), "owner"),
        (FIELDS, ("date", "qty", "price", "Order No"), "order"),
        (FIELDS, (*ORDERS, "Sales Rep"), "seller"),
    ],
)
def test_columns_of_other_systems_are_known(
    fields: Sequence[Field], header: tuple[str, ...], field: str
) -> None:
    assert Columns(fields, {}).locate(header)[field] == (len(header) - 1,)
