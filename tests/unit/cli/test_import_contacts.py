"""Phone numbers and addresses: each one of a cell, and what is none left out."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.imports import (
    customers_of,
    written,
)


def test_a_phone_number_that_is_none_is_left_out_and_its_customer_goes_in(tmp_path: Path) -> None:
    path = written(
        tmp_path / "c.csv",
        "name,phone\n"
        'Ann,"030 901820 ext 7; \'+49 30 901821"\n'
        "Bo,+86\u00a0138\u00a00000\u00a01111\n"
        "Cy,021-6355转88\n"
        "Di,see website;０３０ ９０１８２２\n",
    )
    new, refusals = customers_of(path)
    assert not refusals.reasons
    assert [[phone.number for phone in each.request.customer.phones] for each in new] == [
        ["030 901820 ext 7", "+49 30 901821"],
        ["+86 138 0000 1111"],
        ["021-6355转88"],
        ["０３０ ９０１８２２"],
    ]
    [left_out] = refusals.left_out
    assert (left_out.line, left_out.field, left_out.value) == (5, "phones", "see website")


@pytest.mark.parametrize(
    ("cell", "numbers"),
    [
        ("020 7946 0100, 020 7946 0101", ["020 7946 0100", "020 7946 0101"]),
        ("020 7946 0100;020 7946 0101", ["020 7946 0100", "020 7946 0101"]),
        ("020 7946 0100 / +44 20 7946 0101", ["020 7946 0100", "+44 20 7946 0101"]),
        ("020 7946 0100 ::: (020) 79460101", ["020 7946 0100", "(020) 79460101"]),
        ("1234567/7654321,０３０９０１８２２", ["1234567", "7654321", "０３０９０１８２２"]),
        ("020 7946 0102 / 0103", ["020 7946 0102 / 0103"]),
        ("0711/1234567", ["0711/1234567"]),
        ("0711/1234567, 089/7654321", ["0711/1234567", "089/7654321"]),
        ("+1 212 555 0123,,45", ["+1 212 555 0123,,45"]),
        ("030 901820, ext 7", ["030 901820, ext 7"]),
        ("447911123456.0", ["447911123456"]),
        ("+447911123456.0", ["+447911123456"]),
        ("tel:+447911123456", ["+447911123456"]),
        ("0049.30.901820", ["0049.30.901820"]),
    ],
)
def test_each_number_of_a_cell_is_one(tmp_path: Path, cell: str, numbers: list[str]) -> None:
    [new], refusals = customers_of(written(tmp_path / "c.csv", f'name,phone\nAnn,"{cell}"\n'))
    assert [phone.number for phone in new.request.customer.phones] == numbers
    assert not refusals.left_out


def test_numbers_of_several_columns_are_one_list(tmp_path: Path) -> None:
    text = "name,phone,mobile,fax\nAnn,030 901820,0171 901821;0171 901822,1\nBo,,0171 901823,NULL\n"
    path = written(tmp_path / "c.csv", text)
    assignments = ("phones=phone", "phones=mobile", "phones=fax")
    new, refusals = customers_of(path, assignments=assignments)
    assert [[phone.number for phone in each.request.customer.phones] for each in new] == [
        ["030 901820", "0171 901821", "0171 901822"],
        ["0171 901823"],
    ]
    assert [each.value for each in refusals.left_out] == ["1"]


@pytest.mark.parametrize("cell", ["4.9E+12", "+4.91511E+12", "4,479e+11"])
def test_a_number_that_was_shortened_is_none(tmp_path: Path, cell: str) -> None:
    path = written(tmp_path / "c.csv", f'name,phone\nAnn,"{cell};030 901820"\n')
    [new], refusals = customers_of(path)
    assert [phone.number for phone in new.request.customer.phones] == ["030 901820"]
    assert [each.value for each in refusals.left_out] == [cell]
    assert "shortened by a spreadsheet" in refusals.left_out[0].reason


@pytest.mark.parametrize(
    "cell",
    ["mailto:ann@x.example", "MailTo: ann@x.example", "'ann@x.example", "'mailto:ann@x.example'"],
)
def test_an_address_is_taken_out_of_its_link(tmp_path: Path, cell: str) -> None:
    [new], _ = customers_of(written(tmp_path / "c.csv", f"name,email\nAnn,{cell}\n"))
    assert [email.address for email in new.request.customer.emails] == ["ann@x.example"]


def test_at_most_twenty_numbers_are_kept(tmp_path: Path) -> None:
    cell = ";".join(f"030 9018{n}" for n in range(10, 32))
    [new], refusals = customers_of(written(tmp_path / "c.csv", f"name,phone\nAnn,{cell}\n"))
    assert len(new.request.customer.phones) == 20
    assert [each.value for each in refusals.left_out] == ["030 901830", "030 901831"]


def test_an_address_that_is_none_is_left_out_likewise(tmp_path: Path) -> None:
    path = written(
        tmp_path / "c.csv", 'name,email\nAnn,"ann@x.example, kai@grün.example"\nBo,bo at x\n'
    )
    new, refusals = customers_of(path)
    assert [email.address for email in new[0].request.customer.emails] == [
        "ann@x.example",
        "kai@grün.example",
    ]
    assert [each.value for each in refusals.left_out] == ["bo at x"]
