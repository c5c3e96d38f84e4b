"""What declared fields mean in a filter, and how what doesn't fit them is refused."""

from __future__ import annotations

from collections.abc import Iterator
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import create_engine, make_url, select

from services.chassis.errors import DomainError, Kind
from services.chassis.lists import filters
from tests.support.filter_rows import FIELDS, METADATA, THINGS, TODAY
from tests.support.in_turn import in_turn
from tests.support.statements import Statements, filled

EMPTY = {column.name: None for column in THINGS.c} | {"currency": "USD"}


def thing(name: str, **values: object) -> dict[str, object]:
    return {**EMPTY, "name": name, **values}


ROWS = [
    thing("empty"),
    thing("blank", text="", tags=[], labels={}),
    thing("ann", text="Ann 100%", tags=["VIP", 'a"b', "a\\b"], labels={"colour": "Red", "a.b": ""}),
    thing("bob", text="bob_b", tags=["vip", "VIPs"], labels={"colour": "blue"}),
    thing("rich", cents=1001, amount=10, currency="JPY", count=3),
    thing("poor", cents=1000, amount=10_005, currency="KWD", count=2),
]


@pytest.fixture
def statements(database_url: str) -> Iterator[Statements]:
    with filled(database_url, METADATA, {THINGS: ROWS}) as opened:
        yield opened


@in_turn(
    ("text", "names"),
    [
        ("", "ann blank bob empty poor rich"),
        ("text = ''", "blank empty poor rich"),
        ("text:*", "ann bob"),
        ("text:ANN", "ann"),
        ("text:b_*", ""),
        ("text:bob_*", "bob"),
        ('text:"0%"', "ann"),
        ("text = Ann*", "ann"),
        ("text = ann*", ""),
        ("text != bob_b", "ann blank empty poor rich"),
        ("NOT text > a", "ann blank empty poor rich"),
        ("tags:VIP", "ann"),
        ("tags:VIP*", "ann bob"),
        ("NOT tags:VIP", "blank bob empty poor rich"),
        (r'tags:"a\"b"', "ann"),
        ("tags:b", ""),
        (r'tags:"a\\b"', "ann"),
        ("tags:*", "ann bob"),
        ("labels:colour", "ann bob"),
        ("labels.colour = Red", "ann"),
        ("labels.colour:red", "ann"),
        ("labels.colour != Red", "blank bob empty poor rich"),
        ('labels."a.b":*', "ann"),
        ('labels."a.b" = ""', "ann blank bob empty poor rich"),
        ("labels:*", "ann bob"),
        ("cents > 10.005", "rich"),
        ("cents >= 10.005", "rich"),
        ("cents = 10.005", ""),
        ("cents != 10.005", "ann blank bob empty poor rich"),
        ("cents <= 10.00", "poor"),
        ("cents < 99999999999999999999", "poor rich"),
        ("amount = 10", "rich"),
        ("amount = 10.005", "poor"),
        ("amount > 10", "poor"),
        ("count > 2.5", "rich"),
        ("count > 99999999999", ""),
        ("count:3", "rich"),
        ("count:*", "poor rich"),
        ("count = 3 text = ''", "rich"),
        ("count = 3 OR text:bob AND name:b", "bob"),
    ],
)
def test_a_filter_finds(statements: Statements, text: str, names: str) -> None:
    condition = filters.compile(text, FIELDS, today=TODAY)
    found = statements.all(select(THINGS.c.name).where(condition).order_by(THINGS.c.name))
    assert " ".join(row.name for row in found) == names


@pytest.mark.parametrize(
    ("text", "reason", "message"),
    [
        (
            "colour = red",
            "FILTER_UNKNOWN_FIELD",
            "colour is no field of .*; fields are active, amount",
        ),
        ("a:1 AND count = 1", "FILTER_UNKNOWN_FIELD", "a is no field"),
        ("texts = red", "FILTER_UNKNOWN_FIELD", r"did you mean text\?"),
        ("count.x = 1", "FILTER_UNKNOWN_FIELD", "count.x is no field"),
        ("labels.a.b = 1", "FILTER_UNKNOWN_FIELD", "labels.a.b is no field"),
        (
            "state = CONFIRMD",
            "FILTER_UNKNOWN_VALUE",
            r"'CONFIRMD' is no value of state, did you mean CONFIRMED\?; .* at position 9",
        ),
        (
            "state > DRAFT",
            "FILTER_COMPARATOR",
            "state is not compared with > but with =, != and : at",
        ),
        ("active < true", "FILTER_COMPARATOR", "active is not compared with <"),
        ("tags = VIP", "FILTER_COMPARATOR", "tags is not compared with = but with :"),
        ("tags != VIP", "FILTER_COMPARATOR", "tags is not compared with != but with :"),
        ("labels = x", "FILTER_COMPARATOR", "labels is not compared with = but with :"),
        ("count = many", "FILTER_VALUE", "with a decimal number .*, not with 'many' at position 9"),
        ("count = 1e3", "FILTER_VALUE", "count is compared with"),
        ("count = ٣", "FILTER_VALUE", "count is compared with"),
        ("share = nan", "FILTER_VALUE", "share is compared with a number"),
        ("share = 1e999", "FILTER_VALUE", "share is compared with a number"),
        ("active = yes", "FILTER_VALUE", "active is compared with true or false, not with 'yes'"),
        ("moment > 2024-03-01T10:00:00", "FILTER_VALUE", "compared with a time with its offset"),
        ("moment > 2024-02-30", "FILTER_VALUE", "not with '2024-02-30' at position 10"),
        ("moment > 0001-01-01T00:00:00+01:00", "FILTER_VALUE", "moment is compared"),
        ("moment > 9999-12-31", "FILTER_VALUE", "moment is compared"),
        ("day > 2024-03-01T10:00:00Z", "FILTER_VALUE", "day is compared with a date"),
        ("day > days(x)", "FILTER_VALUE", r"days takes one whole number: .* at position 7"),
        (
            'moment > "2026-01-01T00:00:00 08:00"',
            "FILTER_VALUE",
            r"not with '2026-01-01T00:00:00 08:00'; in a URL, \+ is written %2B at position",
        ),
        ("day > days(1, 2)", "FILTER_VALUE", "days takes one whole number"),
        ("day > days(-999999)", "FILTER_VALUE", "days leads out of the calendar"),
        (
            "day > weeks(1)",
            "FILTER_UNKNOWN_FUNCTION",
            "the function weeks is not declared .days is.",
        ),
        ("text = days(1)", "FILTER_UNKNOWN_FUNCTION", "text is not compared with functions"),
        ("count = days(1)", "FILTER_UNKNOWN_FUNCTION", "count is not compared with functions"),
        ("count = 1*", "FILTER_WILDCARD", r"count takes no wildcard but in count:\* at position 9"),
        ("text > a*", "FILTER_WILDCARD", "> takes no wildcard"),
        ("labels:a*", "FILTER_WILDCARD", "a key takes no wildcard"),
        ('text:""', "FILTER_VALUE", "every text contains the empty one"),
    ],
)
def test_what_does_not_fit_a_field_is_refused(text: str, reason: str, message: str) -> None:
    with pytest.raises(DomainError, match=message) as refused:
        filters.compile(text, FIELDS, today=TODAY)
    assert (refused.value.kind, refused.value.reason) == (Kind.INVALID_ARGUMENT, reason)
    assert refused.value.violations[0].field == "filter"


def test_days_is_unknown_where_no_day_is_given() -> None:
    with pytest.raises(DomainError, match="the function days is not declared at position 7"):
        filters.compile("day > days(1)", FIELDS)


def test_a_list_of_names_refuses_a_name_it_does_not_know() -> None:
    fields = {"topics": filters.Field(THINGS.c.tags, filters.enum_list(("PRICE", "DELIVERY")))}
    filters.compile("topics:PRICE", fields)
    with pytest.raises(DomainError, match="'PRISE' is no value of topics, did you mean PRICE"):
        filters.compile("topics:PRISE", fields)


def test_an_enum_may_be_stored_as_numbers() -> None:
    fields = {"state": filters.Field(THINGS.c.count, filters.enum({"DRAFT": 1, "CONFIRMED": 2}))}
    compiled = filters.compile("state = CONFIRMED", fields).compile()
    assert list(compiled.params.values()) == [2]


def test_a_bare_date_is_a_whole_day_of_the_zone_that_is_given() -> None:
    shanghai = ZoneInfo("Asia/Shanghai")
    compiled = filters.compile("moment = 2024-03-01", FIELDS, zone=shanghai).compile()
    assert [f"{bound:%d %H:%M}" for bound in compiled.params.values()] == ["29 16:00", "01 16:00"]


@pytest.mark.parametrize("url", ["sqlite://", "postgresql+asyncpg://"])
@pytest.mark.parametrize(
    "template",
    ["text = {}", "text = {}*", "text:{}", "tags:{}", "tags:{}*", "labels:{}", "labels.{} = {}"],
)
def test_what_a_caller_writes_reaches_the_database_only_as_parameters(
    url: str, template: str
) -> None:
    condition = filters.compile(template.replace("{}", "hostile"), FIELDS)
    compiled = select(THINGS.c.name).where(condition).compile(dialect=make_url(url).get_dialect()())
    assert "hostile" not in str(compiled)
    assert any("hostile" in str(value) for value in compiled.params.values())


def test_filters_that_differ_in_values_only_share_one_compiled_statement() -> None:
    engine = create_engine("sqlite://")
    METADATA.create_all(engine)
    text = "text:{} tags:{}* labels.x = {}* cents > 1{} moment > 2024-03-0{} NOT name = {}"
    sizes = []
    with engine.connect() as connection:
        for number in range(1, 4):
            condition = filters.compile(text.replace("{}", str(number)), FIELDS)
            connection.execute(select(THINGS.c.name).where(condition))
            sizes.append(len(engine._compiled_cache or ()))
    assert sizes[0] == sizes[2]
