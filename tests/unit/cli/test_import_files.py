"""Files become requests: columns found, rows grouped, bad rows refused with their line."""

import gzip
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from cli.connection import CommandError
from cli.imports import customers, orders, touchpoints
from cli.imports.columns import locate, parse_assignments
from cli.imports.orders import PendingOrder
from cli.imports.refusals import Refusals
from cli.imports.sources import open_source
from cli.imports.survey import FIELDS, Reading, Survey, survey

_HEADER = "invoice,stock_code,description,quantity,invoice_time,unit_price,customer_id,country\n"


def _survey(path: Path, text: str) -> tuple[Survey, Reading]:
    path.write_text(text, "utf-8")
    source = open_source(path, "utf-8-sig")
    reading = Reading(locate(FIELDS, source.header, {}), currency="GBP", zone=ZoneInfo("UTC"))
    return survey(source.rows(), reading), reading


def _collect(path: Path, text: str) -> tuple[list[PendingOrder], Refusals]:
    found, reading = _survey(path, text)
    refusals = Refusals()
    collector = orders.Collector(reading, found.row_counts, refusals=refusals)
    return list(collector.collect(open_source(path, "utf-8-sig").rows())), refusals


def test_rows_of_one_order_need_not_stand_together(tmp_path: Path) -> None:
    ready, _ = _collect(
        tmp_path / "o.csv",
        _HEADER
        + "1,A,Lantern,6,2010-12-01 08:26:00,2.55,17850,UK\n"
        + "2,B,Heart,1,2010-12-01 08:28:00,3.39,17850,UK\n"
        + "1,B,Heart,2,2010-12-01 08:27:00,3.39,17850,UK\n",
    )
    [second, first] = ready
    assert [line.quantity for line in first.request.order.lines] == [6, 2]
    assert first.rows == [2, 4]
    assert len(second.request.order.lines) == 1


def test_an_order_with_two_timestamps_has_the_earlier_one(tmp_path: Path) -> None:
    ready, _ = _collect(
        tmp_path / "o.csv",
        _HEADER
        + "1,A,Lantern,6,2010-12-01 08:27:00,2.55,17850,UK\n"
        + "1,B,Heart,2,2010-12-01 08:26:00,3.39,17850,UK\n",
    )
    [order] = ready
    assert order.request.order.order_time.ToJsonString() == "2010-12-01T08:26:00Z"


def test_identical_rows_are_two_lines(tmp_path: Path) -> None:
    row = "1,A,Lantern,6,2010-12-01 08:26:00,2.55,17850,UK\n"
    ready, _ = _collect(tmp_path / "o.csv", _HEADER + row + row)
    assert len(ready[0].request.order.lines) == 2


def test_a_walk_in_order_has_no_customer(tmp_path: Path) -> None:
    ready, _ = _collect(
        tmp_path / "o.csv", _HEADER + "1,A,Lantern,6,2010-12-01 08:26:00,2.55,,UK\n"
    )
    assert ready[0].request.order.customer == ""


def test_a_walk_in_names_no_customer(tmp_path: Path) -> None:
    found, _ = _survey(tmp_path / "o.csv", _HEADER + "1,A,Lantern,6,2010-12-01 08:26:00,2.55,,UK\n")
    assert not found.customers


def test_an_order_with_a_bad_row_is_refused_as_a_whole(tmp_path: Path) -> None:
    ready, refusals = _collect(
        tmp_path / "o.csv",
        _HEADER
        + "1,A,Lantern,6,2010-12-01 08:26:00,2.55,17850,UK\n"
        + "1,B,Heart,many,2010-12-01 08:26:00,3.39,17850,UK\n"
        + "2,B,Heart,1,2010-12-01 08:28:00,3.39,17850,UK\n",
    )
    assert [order.request.order_id for order in ready] == ["2"]
    assert refusals.reasons == {
        3: "quantity 'many' is not a whole number",
        2: "the order's line 3 was refused: quantity 'many' is not a whole number",
    }


def test_an_order_of_two_customers_is_refused(tmp_path: Path) -> None:
    _, refusals = _collect(
        tmp_path / "o.csv",
        _HEADER
        + "1,A,Lantern,6,2010-12-01 08:26:00,2.55,17850,UK\n"
        + "1,B,Heart,1,2010-12-01 08:26:00,3.39,12345,UK\n",
    )
    assert "customer '12345' where the order began with '17850'" in refusals.reasons[3]


def test_a_customer_is_first_seen_with_their_first_order(tmp_path: Path) -> None:
    found, _ = _survey(
        tmp_path / "o.csv",
        _HEADER
        + "2,A,Lantern,6,2011-03-01 08:26:00,2.55,17850,UK\n"
        + "1,A,Lantern,6,2010-12-01 08:26:00,2.55,17850,France\n",
    )
    customer = found.customers["17850"].customer
    assert customer.first_seen_time.ToJsonString() == "2010-12-01T08:26:00Z"
    assert customer.region == "UK"


def test_a_product_is_named_by_the_first_description_that_is_given(tmp_path: Path) -> None:
    found, _ = _survey(
        tmp_path / "o.csv",
        _HEADER
        + "1,A,,6,2010-12-01 08:26:00,2.55,,UK\n"
        + "1,B,,6,2010-12-01 08:26:00,2.55,,UK\n"
        + "2,A,Lantern,6,2010-12-02 08:26:00,2.55,,UK\n"
        + "3,A,Lamp,6,2010-12-03 08:26:00,2.55,,UK\n",
    )
    names = {key: request.product.display_name for key, request in found.products.items()}
    assert names == {"a": "Lantern", "b": "B"}


def test_an_order_is_ready_with_its_last_row(tmp_path: Path) -> None:
    text = (
        _HEADER
        + "1,A,Lantern,6,2010-12-01 08:26:00,2.55,,UK\n"
        + "2,A,Lantern,6,2010-12-01 08:26:00,2.55,,UK\n"
        + "2,A,Lantern,6,2010-12-01 08:26:00,2.55,,UK\n"
        + "1,A,Lantern,6,2010-12-01 08:26:00,2.55,,UK\n"
    )
    ready, _ = _collect(tmp_path / "o.csv", text)
    assert [order.request.order_id for order in ready] == ["2", "1"]


@pytest.mark.parametrize(
    "second", ["", "1,A,Lantern,6,2010-12-01,2.55,,UK\n" * 2, "2,A,Lantern,6,2010-12-01,2.55,,UK\n"]
)
def test_a_file_that_changes_while_it_is_read_is_one_sentence(tmp_path: Path, second: str) -> None:
    path = tmp_path / "o.csv"
    found, reading = _survey(path, _HEADER + "1,A,Lantern,6,2010-12-01,2.55,,UK\n")
    path.write_text(_HEADER + second, "utf-8")
    collector = orders.Collector(reading, found.row_counts, refusals=Refusals())
    with pytest.raises(CommandError, match="The file changed while it was read"):
        list(collector.collect(open_source(path, "utf-8-sig").rows()))


def test_an_order_without_a_time_is_refused(tmp_path: Path) -> None:
    ready, refusals = _collect(tmp_path / "o.csv", _HEADER + "1,A,Lantern,6,,2.55,17850,UK\n")
    assert not ready
    assert refusals.reasons == {2: "time '' is not like 2026-03-31 17:05:00"}


def test_orders_that_name_an_original_come_after_it(tmp_path: Path) -> None:
    ready, _ = _collect(
        tmp_path / "o.csv",
        "order,order_time,quantity,unit_price,original_order\n"
        "R1,2011-03-02,-1,2.55,O1\n"
        "O1,2011-03-01,1,2.55,\n",
    )
    assert [order.request.order_id for order in ready] == ["o1", "r1"]


def test_the_refused_file_has_line_and_reason_before_the_row(tmp_path: Path) -> None:
    path = tmp_path / "o.csv"
    _, refusals = _collect(path, _HEADER + '1,"A,1","two\nlines",x,2010-12-01,2.55,17850,UK\n')
    refused = tmp_path / "o.refused.csv"
    refusals.write(open_source(path, "utf-8-sig"), refused)
    assert refused.read_text("utf-8").splitlines()[1].startswith("2,quantity 'x' is not a whole")


def test_a_gzipped_file_with_semicolons_is_read_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "c.csv.gz"
    with gzip.open(path, "wt", encoding="utf-8") as text:
        text.write("Customer Name;E-Mail\nAnn;ann@example.com\n")
    source = open_source(path, "utf-8-sig")
    columns = locate(customers.FIELDS, source.header, {})
    refusals = Refusals()
    collector = customers.Collector(columns, zone=ZoneInfo("UTC"), refusals=refusals)
    [(line, request)] = collector.collect(source.rows())
    assert line == 2
    assert request.customer.display_name == "Ann"
    assert list(request.customer.emails) == ["ann@example.com"]


def test_the_same_touchpoint_twice_in_a_file_is_two_touchpoints(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("customer,type,time\n1,call,2026-01-01\n1,call,2026-01-01\n", "utf-8")
    source = open_source(path, "utf-8-sig")
    columns = locate(touchpoints.FIELDS, source.header, {})
    collector = touchpoints.Collector(columns, zone=ZoneInfo("UTC"), refusals=Refusals())
    ids = {request.touchpoint_id for _, request in collector.collect(source.rows())}
    assert len(ids) == 2


def test_a_column_is_named_by_option_or_by_file(tmp_path: Path) -> None:
    mapping = tmp_path / "map.toml"
    mapping.write_text('order = "Belegnummer"\nquantity = "Anzahl"\n', "utf-8")
    chosen = parse_assignments(["quantity=Menge"], mapping)
    header = ("Belegnummer", "Menge", "Anzahl", "date", "price")
    assert locate(FIELDS, header, chosen)["quantity"] == 1


@pytest.mark.parametrize(
    ("header", "assignments", "sentence"),
    [
        (("date", "quantity", "price"), [], "No column for order"),
        (("order", "date", "quantity", "price"), ["order=Nr"], "has no such column"),
        (("order", "date", "quantity", "price"), ["colour=x"], "no such field"),
    ],
)
def test_a_column_that_cannot_be_found_is_one_sentence(
    header: tuple[str, ...], assignments: list[str], sentence: str
) -> None:
    with pytest.raises(CommandError, match=sentence):
        locate(FIELDS, header, parse_assignments(assignments, None))


@pytest.mark.parametrize(
    ("content", "sentence"), [(b"", "is empty"), (b"\xff\xfe\xff,x\n", "is not utf-8-sig text")]
)
def test_a_file_that_is_no_table_is_one_sentence(
    tmp_path: Path, content: bytes, sentence: str
) -> None:
    path = tmp_path / "x.csv"
    path.write_bytes(content)
    with pytest.raises(CommandError, match=sentence):
        open_source(path, "utf-8-sig")
