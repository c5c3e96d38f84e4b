"""Names of people in two halves: none is lost to another column, and no employer is their name."""

from __future__ import annotations

from pathlib import Path

import pytest

from cli.connection import CommandError
from tests.support.imports import customers_of, written


def named(path: Path, *assignments: str) -> list[tuple[str, str]]:
    """Name and company of each customer."""
    new, refusals = customers_of(path, assignments=assignments)
    assert not refusals.reasons
    return [(each.request.customer.display_name, each.company) for each in new]


def test_halves_that_the_user_names_make_the_name(tmp_path: Path) -> None:
    path = written(tmp_path / "c.csv", "Vorname;Name\nLena;Vogt\n")
    assert named(path, "given_name=Vorname", "family_name=Name") == [("Lena Vogt", "")]


@pytest.mark.parametrize("column", ["Account", "Account Name", "account_name"])
def test_the_account_of_people_is_their_company(tmp_path: Path, column: str) -> None:
    header = f"First Name,Last Name,{column}\n"
    path = written(tmp_path / "c.csv", f"{header}Lena,Vogt,Berg GmbH\nTom,Ost,Berg GmbH\n")
    assert named(path) == [("Lena Vogt", "Berg GmbH"), ("Tom Ost", "Berg GmbH")]
    alone = written(tmp_path / "a.csv", f"{column}\nBerg GmbH\n")
    assert named(alone) == [("Berg GmbH", "")]


def test_an_account_beside_a_company_is_asked_about(tmp_path: Path) -> None:
    path = written(tmp_path / "c.csv", "Last Name,Account,Company\nVogt,Berg,Berg GmbH\n")
    with pytest.raises(CommandError, match='--map "company=Account", or leave it out'):
        named(path)
    assert named(path, "company=Account") == [("Vogt", "Berg")]
    assert named(path, "name=") == [("Vogt", "Berg GmbH")]


@pytest.mark.parametrize("name", ["Lena", "Berg GmbH", "Vogt", "L. Vogt"])
def test_a_name_that_leaves_out_a_half_is_asked_about(tmp_path: Path, name: str) -> None:
    header = "Name,First Name,Last Name\n"
    path = written(tmp_path / "c.csv", f"{header}Tom Ost,Tom,Ost\n{name},Lena,Vogt\n")
    with pytest.raises(CommandError) as told:
        named(path)
    assert str(told.value) == (
        f"On line 3, Name is {name!r} beside 'Lena Vogt': say --map name= if people's names are in"
        ' First Name and Last Name, also --map "company=Name" if it names their company, or --map'
        " given_name= --map family_name= if it is their whole name."
    )
    assert named(path, "name=")[1] == ("Lena Vogt", "")
    assert named(path, "company=Name")[1] == ("Lena Vogt", name)
    assert named(path, "given_name=", "family_name=")[1] == (name, "")


@pytest.mark.parametrize("column", ["First Name", "Vorname", "Prénom", "Given name"])
def test_a_name_beside_a_given_name_may_be_the_family_name(tmp_path: Path, column: str) -> None:
    path = written(tmp_path / "c.csv", f"{column},Name\nLena,Vogt\n")
    with pytest.raises(CommandError) as told:
        named(path)
    assert str(told.value) == (
        "On line 2, Name is 'Vogt' beside 'Lena': say"
        ' --map "family_name=Name" if it is the family name,'
        f" --map name= if people's names are in {column}, also"
        ' --map "company=Name" if it names their company,'
        " or --map given_name= if it is their whole name."
    )
    assert named(path, "family_name=Name") == [("Lena Vogt", "")]


@pytest.mark.parametrize(
    "row",
    ["Lena Vogt,Lena,Vogt", "VOGT; Lena,Lena,Vogt", "Dr. Lena Vogt,Lena,Vogt", "张伟,伟,张"],
)
def test_a_name_that_says_both_halves_is_the_name(tmp_path: Path, row: str) -> None:
    path = written(tmp_path / "c.csv", f"Name,First Name,Last Name\n{row}\n,Mia,Berg\n")
    assert named(path) == [(row.split(",")[0], ""), ("Mia Berg", "")]
