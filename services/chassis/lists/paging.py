"""Lists page by page (AIP-158): filter, order, keyset predicate and token around a select.

No offsets and no totals: a page starts after the values of the last row of the page before, so it
costs the same however deep it lies, and no row is seen twice or missed.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Self, TypeVar

from sqlalchemy import ColumnElement, Row, Select, Table, and_, or_, true, tuple_

from services.chassis.errors import invalid
from services.chassis.lists import filters, ordering
from services.chassis.lists.listing import Listing, Page
from services.chassis.lists.page_key import PageKey
from services.chassis.lists.page_token import KeyValue, PageToken, decode, encode, fingerprints

__all__ = ["DEFAULT_PAGE_SIZE", "MAX_PAGE_SIZE", "PageQuery", "Query", "size_of_page"]

DEFAULT_PAGE_SIZE: Final = 50
MAX_PAGE_SIZE: Final = 1000
_LABEL: Final = "page_key_"
# No argument of a list, so that which list it was has its place among them.
_OF_LIST: Final = "page_token"

R = TypeVar("R", bound=Row[*tuple[Any, ...]])


def size_of_page(page_size: int, *, default: int = DEFAULT_PAGE_SIZE) -> int:
    """How many rows a request asks for: more than the maximum is taken for the maximum.

    Raises INVALID_ARGUMENT, PAGE_SIZE_NEGATIVE.
    """
    if page_size < 0:
        raise invalid("page_size", "PAGE_SIZE_NEGATIVE", "0 for the default, or more")
    return min(page_size or default, MAX_PAGE_SIZE)


@dataclass(frozen=True, slots=True)
class PageQuery:
    """One page: run `statement`, give its rows to `cut`."""

    statement: Select[*tuple[Any, ...]]
    size: int
    keys: tuple[ColumnElement[Any] | str, ...]
    arguments: Mapping[str, str]

    def cut(self, rows: Sequence[R], most: int | None = None) -> Page[R]:
        """The page of these rows.

        `most` cuts it shorter than was asked for, where more rows would be too much to send.
        """

        def token_after(count: int) -> str:
            last = rows[count - 1]._mapping
            return encode(PageToken(self.arguments, tuple(last[key] for key in self.keys)))

        size = self.size if most is None else min(self.size, most)
        ends = len(rows) <= size
        return Page(rows[:size], "" if ends else token_after(size), token_after)


@dataclass(frozen=True, slots=True)
class Query:
    """What a list can be filtered and ordered by, declared once beside its table.

    `tie_breaker` is unique and never NULL (the name); it follows the direction of the last key, so
    that one index on (key, name) serves both directions. Columns declared NOT NULL are taken to
    have no NULLs, so none of them may come from the optional side of an outer join.
    """

    fields: Mapping[str, filters.Field]
    order: Mapping[str, ColumnElement[Any]]
    default_order: str
    tie_breaker: ColumnElement[Any]

    @classmethod
    def of(
        cls,
        table: Table,
        *,
        filter: Collection[str],
        order: Collection[str],
        default_order: str,
        more: Mapping[str, filters.Field] | None = None,
    ) -> Self:
        """Columns of a table by their names, which are those of the contract; `more` are fields
        that are read otherwise than their column says, such as amounts of money."""
        (key,) = table.primary_key.columns
        return cls(
            {name: filters.Field.of(table.c[name]) for name in filter} | dict(more or {}),
            {name: table.c[name] for name in order},
            default_order,
            key,
        )

    def page(self, select: Select[*tuple[Any, ...]], listing: Listing) -> PageQuery:
        """The page of `select` that a list request asks for.

        Raises DomainError INVALID_ARGUMENT: what `filters.compile` and `ordering.parse` raise;
        PAGE_TOKEN_INVALID on page_token; PAGE_TOKEN_MISMATCH on the argument that has changed since
        the token was given, and on page_token where it was given for another list;
        PAGE_SIZE_NEGATIVE.
        """
        hashes = fingerprints(
            {
                _OF_LIST: listing.request,
                "filter": listing.filter,
                "order_by": listing.order_by,
                **listing.arguments,
            }
        )
        keys = self._keys(listing.order_by)
        size = size_of_page(listing.page_size)
        statement, selected = _selecting(select, keys)
        if listing.filter.strip():
            statement = statement.where(self.condition(listing))
        if listing.page_token:
            statement = statement.where(_after(keys, _values(listing.page_token, keys, hashes)))
        ordered = statement.order_by(*(key.ordering() for key in keys)).limit(size + 1)
        return PageQuery(ordered, size, selected, hashes)

    def condition(self, listing: Listing) -> ColumnElement[bool]:
        """What the filter lets through. Raises DomainError as `filters.compile`."""
        return filters.compile(listing.filter, self.fields, today=listing.today, zone=listing.zone)

    def expect(self, listing: Listing) -> None:
        """Whether a page could be asked for so, of what is kept to be asked for later. Raises
        DomainError as `page` does of filter and order."""
        self.condition(listing)
        self._keys(listing.order_by)

    def _keys(self, order_by: str) -> tuple[PageKey, ...]:
        asked = ordering.parse(order_by, self.order) or ordering.parse(
            self.default_order, self.order
        )
        keys: list[PageKey] = []
        for key in asked:
            keys.append(PageKey(self.order[key.field], key.descending))
            if keys[-1].column is self.tie_breaker:
                return tuple(keys)
        descending = keys[-1].descending if keys else False
        return (*keys, PageKey(self.tie_breaker, descending))


def _selecting(
    select: Select[*tuple[Any, ...]], keys: tuple[PageKey, ...]
) -> tuple[Select[*tuple[Any, ...]], tuple[ColumnElement[Any] | str, ...]]:
    """The select with every key among its columns, and where to find each in a row."""
    present = select.selected_columns
    places: list[ColumnElement[Any] | str] = []
    for number, key in enumerate(keys):
        if present.contains_column(key.column):
            places.append(key.column)
            continue
        label = f"{_LABEL}{number}"
        select = select.add_columns(key.column.label(label))
        places.append(label)
    return select, tuple(places)


def _values(
    token: str, keys: tuple[PageKey, ...], hashes: Mapping[str, str]
) -> tuple[KeyValue, ...]:
    """Where the token's page ended, once it is sure that the token belongs to this request."""
    read = decode(token)
    if read.arguments.get(_OF_LIST) != hashes.get(_OF_LIST):
        raise invalid(
            _OF_LIST,
            "PAGE_TOKEN_MISMATCH",
            "was given for another list; repeat the request it came from, or start without a token",
        )
    for argument in sorted({*read.arguments, *hashes}):
        if read.arguments.get(argument) != hashes.get(argument):
            raise invalid(
                argument,
                "PAGE_TOKEN_MISMATCH",
                "differs from the request that page_token came from; repeat it, or start without "
                "a token",
            )
    fits = len(read.values) == len(keys) and all(
        key.holds(value) for key, value in zip(keys, read.values, strict=True)
    )
    if not fits:
        raise invalid("page_token", "PAGE_TOKEN_INVALID", "this is no token of a page of this list")
    return read.values


def _after(keys: tuple[PageKey, ...], values: tuple[KeyValue, ...]) -> ColumnElement[bool]:
    """The rows that sort after the values."""
    if not any(key.nullable for key in keys) and len({key.descending for key in keys}) == 1:
        # One row comparison, which both engines answer from an index on the keys.
        row = tuple_(*(key.column for key in keys))
        end = tuple_(*(key.bind(value) for key, value in zip(keys, values, strict=True)))
        return row < end if keys[0].descending else row > end
    paired = list(zip(keys, values, strict=True))
    steps = [
        and_(true(), *(key.at(value) for key, value in paired[:number]), last.after(end_value))
        for number, (last, end_value) in enumerate(paired)
    ]
    first, first_value = paired[0]
    # Implied by the steps, but in a form that an index on the first key serves.
    return and_(first.from_on(first_value), or_(*steps))
