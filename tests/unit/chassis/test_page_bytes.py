"""Pages end before their messages are too many bytes to be sent."""

from __future__ import annotations

from typing import Any

from google.protobuf.wrappers_pb2 import StringValue
from sqlalchemy import select

from services.chassis.lists.listing import Listing
from services.chassis.lists.page_token import decode
from services.chassis.lists.paging import Query
from tests.support.filter_rows import THINGS


async def test_a_page_ends_where_its_messages_are_8_mib() -> None:
    query = Query({}, {"name": THINGS.c.name}, "name", THINGS.c.name)
    rows: list[Any] = [Told(name) for name in "abcdef"]
    page = query.page(select(THINGS.c.name), Listing(page_size=5)).cut(rows)
    sizes = {"a": 3, "b": 4, "c": 2, "d": 1, "e": 1}

    def of_mib(row: Told) -> StringValue:
        return StringValue(value="x" * (sizes[row.name] << 20))

    sent = await page.sent(of_mib)
    assert [len(each.value) >> 20 for each in sent.messages] == [3, 4, 2]
    assert decode(sent.next_page_token).values == ("c",)
    whole = await page.sent(lambda row: StringValue(value=row.name))
    assert [each.value for each in whole.messages] == list("abcde")
    assert whole.next_page_token == page.next_page_token
    sizes = dict.fromkeys("abcde", 9)
    alone = await page.sent(of_mib)
    assert (len(alone.messages), decode(alone.next_page_token).values) == (1, ("a",))


async def test_the_last_row_of_the_last_page_may_be_the_one_that_goes_over() -> None:
    query = Query({}, {"name": THINGS.c.name}, "name", THINGS.c.name)
    rows: list[Any] = [Told(name) for name in "ab"]
    page = query.page(select(THINGS.c.name), Listing(page_size=2)).cut(rows)
    sent = await page.sent(lambda _: StringValue(value="x" * (5 << 20)))
    assert (len(sent.messages), sent.next_page_token) == (2, "")


class Told:
    """As much of a row of the database as a page looks at."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._mapping = {THINGS.c.name: name}
