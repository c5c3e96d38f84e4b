"""The index of grams, and every statement of the search.

The index is made of texts that are there already (`search_texts` of `customers`), so a text that
isn't in it yet is looked at itself. Customers stand in it in blocks of 8,192 places, in the order
in which they came; a block is written at once, and never changed.
"""

from collections.abc import Collection, Mapping, Sequence
from functools import lru_cache
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    Select,
    Table,
    and_,
    bindparam,
    delete,
    func,
    or_,
    select,
    update,
)

from services.chassis.store import Name, ReadTransaction, Shared, WriteTransaction
from services.chassis.store.by_engine import by_engine
from services.customer.customers.model.search_texts import VERSION
from services.customer.customers.store.customers import table as customers
from services.customer.customers.store.search_texts import search_texts
from services.customer.metadata import metadata
from services.customer.search.model import PLACES_IN_BLOCK, Seen

__all__ = [
    "add_block",
    "among",
    "anywhere",
    "at_places",
    "blocks",
    "give_up_places",
    "grams",
    "has_to_index",
    "in_block",
    "in_use",
    "not_indexed",
    "of_id",
    "of_name",
    "outdated",
    "remove_block",
    "sizes",
    "to_index",
]

search_blocks = Table(
    "customer_search_blocks",
    metadata,
    Column("block", BigInteger, primary_key=True, autoincrement=False),
    # How many places were given in it.
    Column("size", Integer, nullable=False),
    # Places and nobody's names; whom they lead to is looked up in the caller's sight.
    info={"sight": Shared()},
)

search_grams = Table(
    "customer_search_grams",
    metadata,
    Column("block", BigInteger, nullable=False),
    Column("gram", Name, nullable=False),
    Column("places", LargeBinary, nullable=False),
    # By block first: a new one is written at the end, and an old one goes in one piece.
    PrimaryKeyConstraint("block", "gram"),
    info={"sight": Shared()},
    sqlite_with_rowid=False,
)

# Whoever is found is seen: the customer's row is in every statement, and has the scope.
_SEEN: Final = select(
    customers.c.name,
    customers.c.display_name,
    customers.c.kind,
    customers.c.owner,
    customers.c.update_time,
    search_texts.c.text,
).where(search_texts.c.customer == customers.c.name, customers.c.delete_time.is_(None))

_AT_PLACES: Final = _SEEN.where(search_texts.c.place.in_(bindparam("places", expanding=True)))
_AMONG: Final = _SEEN.where(customers.c.name.in_(bindparam("names", expanding=True)))
_NOT_IN_INDEX: Final = _SEEN.where(~search_texts.c.indexed)
_OF_NAME: Final = _SEEN.where(search_texts.c.name == bindparam("whole")).limit(bindparam("most"))
_OF_ID: Final = _SEEN.where(customers.c.name == bindparam("key"))
_BLOCKS: Final = select(search_blocks.c.block).order_by(search_blocks.c.block)
_GRAMS: Final = select(search_grams.c.gram, search_grams.c.block, search_grams.c.places).where(
    # Each by its key: in a join SQLite would read all grams there are.
    search_grams.c.block.in_(bindparam("blocks", expanding=True)),
    search_grams.c.gram.in_(bindparam("grams", expanding=True)),
)

_OUTDATED: Final = (
    select(search_texts.c.customer).where(search_texts.c.version < VERSION).limit(bindparam("most"))
)
_TEXTS: Final = select(search_texts.c.customer, search_texts.c.text).limit(PLACES_IN_BLOCK)
_NOT_INDEXED: Final = _TEXTS.where(~search_texts.c.indexed).order_by(search_texts.c.customer)
_SOME_NOT_INDEXED: Final = (
    select(search_texts.c.customer).where(~search_texts.c.indexed).limit(bindparam("most"))
)
_PUT: Final = (
    update(search_texts)
    .where(
        search_texts.c.customer == bindparam("of_customer"),
        search_texts.c.text == bindparam("of_text"),
    )
    .values(place=bindparam("new_place"), indexed=True)
)
_LAST: Final = select(func.max(search_blocks.c.block))
_PLACED: Final = search_texts.c.place.between(bindparam("first"), bindparam("last"))
_IN_BLOCK: Final = _TEXTS.where(_PLACED, search_texts.c.indexed).order_by(search_texts.c.place)
_SIZES: Final = select(search_blocks.c.block, search_blocks.c.size).order_by(search_blocks.c.block)
_IN_USE: Final = select(func.count()).select_from(search_texts).where(_PLACED)
_GIVE_UP: Final = update(search_texts).where(_PLACED).values(indexed=False)


async def of_name(tx: ReadTransaction, whole: str, most: int) -> list[Seen]:
    """Whose whole name that is, as it is compared; some of them, where there are more."""
    return _seen(await tx.all(_OF_NAME, {"whole": whole, "most": most}))


async def of_id(tx: ReadTransaction, name: str) -> list[Seen]:
    """The customer of this resource name, if there is one."""
    return _seen(await tx.all(_OF_ID, {"key": name}))


async def at_places(tx: ReadTransaction, places: Sequence[int]) -> list[Seen]:
    """Who stands there."""
    return _seen(await tx.all(_AT_PLACES, {"places": places}))


async def not_indexed(tx: ReadTransaction, alternatives: Sequence[Sequence[str]]) -> list[Seen]:
    """Who isn't in the index and has all words of one of the alternatives in their text."""
    return await _holding(tx, alternatives, _NOT_IN_INDEX)


async def anywhere(tx: ReadTransaction, alternatives: Sequence[Sequence[str]]) -> list[Seen]:
    """Who has all words of one of the alternatives in their text, in the index or not: every text
    in sight is looked at."""
    return await _holding(tx, alternatives, _SEEN)


async def among(
    tx: ReadTransaction, alternatives: Sequence[Sequence[str]], names: Collection[str]
) -> list[Seen]:
    """As `anywhere`, of these customers."""
    return await _holding(tx, alternatives, _AMONG, names=list(names))


async def blocks(tx: ReadTransaction) -> list[int]:
    """The blocks of the index, in rising order."""
    return [row.block for row in await tx.all(_BLOCKS, {})]


async def grams(
    tx: ReadTransaction, blocks: Collection[int], asked: Collection[str]
) -> dict[str, list[tuple[int, bytes]]]:
    """Of each gram those of the blocks that have it, and where."""
    found: dict[str, list[tuple[int, bytes]]] = {gram: [] for gram in asked}
    rows = await tx.all(_GRAMS, {"blocks": blocks, "grams": sorted(asked)})
    for gram, block, places in rows:
        found[gram].append((block, places))
    return found


async def outdated(tx: ReadTransaction, most: int) -> list[str]:
    """Customers whose text an older version has written."""
    return [row.customer for row in await tx.all(_OUTDATED, {"most": most})]


async def has_to_index(tx: ReadTransaction, count: int) -> bool:
    """Whether there are so many customers who aren't in the index."""
    return len(await tx.all(_SOME_NOT_INDEXED, {"most": count})) >= count


async def to_index(tx: ReadTransaction) -> list[tuple[str, str]]:
    """Customers who aren't in the index, with their texts; no more than a block takes."""
    return [(row.customer, row.text) for row in await tx.all(_NOT_INDEXED, {})]


async def in_block(tx: ReadTransaction, block: int) -> list[tuple[str, str]]:
    """Customers who are in a block and nowhere else, with their texts."""
    return [(row.customer, row.text) for row in await tx.all(_IN_BLOCK, _range(block))]


async def sizes(tx: ReadTransaction) -> dict[int, int]:
    """The blocks there are, and how many places were given in each."""
    return {row.block: row.size for row in await tx.all(_SIZES, {})}


async def add_block(
    tx: WriteTransaction,
    texts: Sequence[tuple[str, str]],
    places: Mapping[str, bytes],
) -> None:
    """Writes a block, and gives its places to those whose text is still the one it was made of."""
    last = await tx.scalar(_LAST, {})
    block = 0 if last is None else last + 1
    await tx.insert_rows(search_blocks, [(block, len(texts))])
    await tx.insert_rows(search_grams, [(block, gram, at) for gram, at in places.items()])
    first = block * PLACES_IN_BLOCK
    rows = [
        {"of_customer": customer, "of_text": text, "new_place": first + place}
        for place, (customer, text) in enumerate(texts)
    ]
    await tx.run_many(_PUT, rows)


async def in_use(tx: ReadTransaction, block: int) -> int:
    """How many places of a block lead to somebody."""
    return int(await tx.scalar(_IN_USE, _range(block)))


async def give_up_places(tx: WriteTransaction, block: int) -> None:
    """Lets those who are in a block be put into another one; until then they are found in both
    ways."""
    await tx.run(_GIVE_UP, _range(block))


async def remove_block(tx: WriteTransaction, block: int) -> None:
    """Removes a block that leads to nobody."""
    await tx.run(delete(search_grams).where(search_grams.c.block == block))
    await tx.run(delete(search_blocks).where(search_blocks.c.block == block))


async def _holding(
    tx: ReadTransaction,
    alternatives: Sequence[Sequence[str]],
    among: Select[*tuple[Any, ...]],
    **parameters: Any,
) -> list[Seen]:
    words = {
        f"word_{row}_{at}": word
        for row, words in enumerate(alternatives)
        for at, word in enumerate(words)
    }
    statement = _all_holding(among, tuple(map(len, alternatives)))
    return _seen(await tx.all(statement, {**parameters, **words}))


@lru_cache(maxsize=100)
def _all_holding(
    among: Select[*tuple[Any, ...]], lengths: tuple[int, ...]
) -> Select[*tuple[Any, ...]]:
    ways = (
        and_(*(_holds(f"word_{row}_{at}") for at in range(length)))
        for row, length in enumerate(lengths)
    )
    return among.where(or_(*ways))


def _holds(word: str) -> ColumnElement[bool]:
    text: ColumnElement[str] = search_texts.c.text
    looked_for: ColumnElement[str] = bindparam(word)
    return by_engine(func.instr(text, looked_for) > 0, postgresql=func.strpos(text, looked_for) > 0)


def _range(block: int) -> dict[str, int]:
    first = block * PLACES_IN_BLOCK
    return {"first": first, "last": first + PLACES_IN_BLOCK - 1}


def _seen(rows: Sequence[Any]) -> list[Seen]:
    return [Seen(*row) for row in rows]
