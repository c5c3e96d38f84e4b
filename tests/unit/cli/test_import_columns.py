"""Which column holds which field: by its usual name, as the user says, or asked about."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from cli.connection import CommandError
from cli.imports import customers, touchpoints
from cli.imports.columns import Columns, Field, parse_assignments
from cli.imports.survey import FIELDS
from tests.support.imports import written


def test_a_column_is_named_by_option_or_by_file(tmp_path: Path) -> None:
    mapping = written(tmp_path / "map.toml", 'order = "Belegnummer"\nquantity = "Anzahl"\n')
    chosen = parse_assignments(["quantity=Menge"], mapping)
    header = ("Belegnummer", "Menge", "Anzahl", "date", "price")
    assert Columns(FIELDS, chosen).locate(header)["quantity"] == (1,)


def test_a_list_may_be_in_several_columns() -> None:
    fields = customers.FIELDS
    header = ("name", "Phone", "Mobile", "E-Mail")
    chosen = parse_assignments(["phones=Phone", "phones=Mobile", "phones=phone"], None)
    assert Columns(fields, chosen).locate(header)["phones"] == (1, 2)


LISTS = {"phones", "emails", "topics", "products_of_concern"}


@pytest.mark.parametrize("fields", [FIELDS, customers.FIELDS, touchpoints.FIELDS])
def test_lists_may_be_in_two_columns_and_nothing_else_may(fields: Sequence[Field]) -> None:
    header = ("one", "another", *(field.name for field in fields))
    for field in fields:
        chosen = parse_assignments([f"{field.name}=one", f"{field.name}=another"], None)
        columns = Columns(fields, chosen)
        if field.name in LISTS:
            assert columns.locate(header)[field.name] == (0, 1)
        else:
            with pytest.raises(CommandError, match=f"{field.name} is there 2 times"):
                columns.locate(header)


@pytest.mark.parametrize(
    ("fields", "required"),
    [
        (FIELDS, {"order", "order_time", "quantity", "unit_price"}),
        (customers.FIELDS, set()),
        (touchpoints.FIELDS, {"customer", "type", "touch_time"}),
    ],
)
def test_no_column_has_to_be_there_but_those_that_the_help_names(
    fields: Sequence[Field], required: set[str]
) -> None:
    names = [field.name for field in fields]
    Columns(fields, {}).locate([name for name in names if name in required])
    for left_out in names:
        header = [name for name in names if name != left_out]
        chosen = parse_assignments(["customer="] if left_out == "customer" else [], None)
        if left_out in required:
            with pytest.raises(CommandError, match=f"No column for {left_out}: name it"):
                Columns(fields, chosen).locate(header)
        else:
            assert left_out not in Columns(fields, chosen).locate(header)


def test_several_columns_of_a_list_are_named_by_file(tmp_path: Path) -> None:
    mapping = written(tmp_path / "map.toml", 'phones = ["Phone", "Mobile"]\nowner = ""\n')
    chosen = parse_assignments(["name=Contact"], mapping)
    assert chosen == {"name": ("Contact",), "phones": ("Phone", "Mobile"), "owner": ()}


def test_a_column_is_let_go() -> None:
    columns = Columns(customers.FIELDS, parse_assignments(["owner=", "region="], None))
    located = columns.locate(("name", "owner", "country", "region", "phone"))
    assert located == {"name": (0,), "phones": (4,)}


def test_all_that_is_to_be_said_is_asked_for_at_once() -> None:
    columns = Columns(FIELDS, parse_assignments(["colour=x", "region="], None))
    with pytest.raises(CommandError) as told:
        columns.locate(("Nr", "Preis", "customer", "customer_id"))
    assert str(told.value).count("--map customer=COLUMN") == 1
    assert "--map colour: no such field" in str(told.value)
    assert (
        "No column for order, order_time, quantity, unit_price: name them with --map order=COLUMN"
        " --map order_time=COLUMN --map quantity=COLUMN --map unit_price=COLUMN; the file has Nr,"
        " Preis, customer, customer_id."
    ) in str(told.value)


@pytest.mark.parametrize(
    ("header", "assignments", "sentence"),
    [
        (
            ("date", "quantity", "price"),
            [],
            "No column for order: name it with --map order=COLUMN; the file has date, quantity",
        ),
        (("order", "date", "quantity", "price"), ["order=Nr"], "has no such column"),
        (("order", "date", "quantity", "price"), ["colour=x"], "no such field"),
        (("order", "date", "quantity", "price"), ["colour"], "write it as field=Column"),
        (
            ("order", "date", "Qty", "price", "qty "),
            [],
            "The column Qty is there more than once, and quantity is in one of them",
        ),
        (
            ("order", "date", "qty", "price", "customer", "customer_id"),
            [],
            "customer and customer_id could each hold customer: choose with --map customer=COLUMN",
        ),
        (
            ("order", "date", "qty", "price", "Kunde", "Name"),
            ["customer=Kunde", "customer=Name"],
            r"--map customer is there 2 times \(Kunde, Name\), and it holds one value",
        ),
        (("order", "date", "qty", "price"), ["quantity="], "No column for quantity"),
    ],
)
def test_a_column_that_cannot_be_told_is_one_sentence(
    header: tuple[str, ...], assignments: list[str], sentence: str
) -> None:
    with pytest.raises(CommandError, match=sentence):
        Columns(FIELDS, parse_assignments(assignments, None)).locate(header)


def test_a_column_that_nothing_is_read_from_may_be_there_twice() -> None:
    header = ("order", "date", "qty", "price", "note", "note")
    assert len(Columns(FIELDS, {}).locate(header)) == 4


@pytest.mark.parametrize("text", ["order = 1\n", "order =\n", "order = [1]\n"])
def test_a_mapping_that_cannot_be_read_is_one_sentence(tmp_path: Path, text: str) -> None:
    with pytest.raises(CommandError, match=r"map\.toml"):
        parse_assignments([], written(tmp_path / "map.toml", text))


def test_a_file_without_any_name_is_one_sentence() -> None:
    header = ("id", "email")
    with pytest.raises(CommandError, match=r"No column for name: .*the file has id, email\. Or"):
        customers.expect_a_name(Columns(customers.FIELDS, {}).locate(header), header)


@pytest.mark.parametrize("name", ["Create Date", "Created", "Created at", "first seen", "since"])
def test_since_when_a_customer_is_known_is_found_under_its_usual_names(name: str) -> None:
    assert "first_seen_time" in Columns(customers.FIELDS, {}).locate(("name", name))


def test_two_columns_of_a_list_are_asked_about_and_may_both_be_chosen() -> None:
    with pytest.raises(CommandError, match=r"Phone and Mobile could .*, once for each column"):
        Columns(customers.FIELDS, {}).locate(("name", "Phone", "Mobile"))


NAMES = ("order", "date", "qty", "price", "Customer Name")


def test_names_of_customers_without_their_keys_are_asked_about() -> None:
    with pytest.raises(CommandError) as told:
        Columns(FIELDS, {}).locate(NAMES)
    assert str(told.value) == (
        "Customer Name has names, and no column has a key for each customer: say --map"
        ' "customer=Customer Name" if the names are the keys, --map customer=COLUMN for another'
        " column, or --map customer= if all orders are walk-ins."
    )


@pytest.mark.parametrize(
    ("assignments", "located"),
    [
        (["customer=Customer Name"], {"customer": (4,), "customer_name": (4,)}),
        (["customer="], {"customer_name": (4,)}),
        (["customer_name="], {}),
    ],
)
def test_names_of_customers_are_keys_or_walk_ins_as_the_user_says(
    assignments: list[str], located: dict[str, tuple[int, ...]]
) -> None:
    found = Columns(FIELDS, parse_assignments(assignments, None)).locate(NAMES)
    assert {key: found[key] for key in found if key.startswith("customer")} == located


def test_a_rate_may_be_a_tax_and_is_no_exchange_rate_unasked() -> None:
    header = ("order", "date", "qty", "price", "Rate")
    assert "exchange_rate" not in Columns(FIELDS, {}).locate(header)
    assert Columns(FIELDS, {}).locate((*header, "FX rate"))["exchange_rate"] == (5,)


def test_a_column_chosen_for_one_field_is_not_found_for_another() -> None:
    chosen = parse_assignments(["given_name=Vorname", "family_name=Name"], None)
    located = Columns(customers.FIELDS, chosen).locate(("Vorname", "Name"))
    assert located == {"given_name": (0,), "family_name": (1,)}
    columns = Columns(FIELDS, parse_assignments(["customer_name=Customer"], None))
    with pytest.raises(CommandError, match="Customer has names, and no column has a key"):
        columns.locate(("order", "date", "qty", "price", "Customer"))


def test_a_column_chosen_for_one_key_is_not_another_ones() -> None:
    located = Columns(touchpoints.FIELDS, parse_assignments(["customer=Id"], None)).locate(
        ("Id", "type", "date")
    )
    assert located == {"customer": (0,), "type": (1,), "touch_time": (2,)}


def test_addresses_that_are_the_keys_are_addresses_still() -> None:
    located = Columns(customers.FIELDS, parse_assignments(["customer=E-Mail"], None)).locate(
        ("Name", "E-Mail")
    )
    assert located == {"name": (0,), "customer": (1,), "emails": (1,)}
