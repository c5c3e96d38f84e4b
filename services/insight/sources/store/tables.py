"""The table of a source, by generation: its record's fields as columns.

A record is known by its own name, whoever's it is now, and found by its customer, so that facts of
one customer cost the same among a thousand customers and among a million.
"""

from collections.abc import Mapping
from types import MappingProxyType, NoneType
from typing import Any, Final, get_args, get_type_hints

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Index,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
)

from services.chassis.store import Name, OfCustomer, Owned
from services.insight.sources.customers import CUSTOMERS
from services.insight.sources.source import Code, Key, Source

__all__ = ["table_of"]

_STORED: Final[Mapping[Any, Any]] = MappingProxyType(
    {Key: Name, Code: SmallInteger, str: Text, int: BigInteger, bool: Boolean}
)
_OWNED: Final = Owned("owner", "team")
_OF_CUSTOMER: Final = OfCustomer("customer", "customers", "customer", same=("generation",))


def table_of(source: Source[Any, Any], metadata: MetaData) -> Table:
    """The table; what is of a customer is seen by who sees the customer."""
    fields = get_type_hints(source.record, include_extras=True)
    table = Table(
        source.name,
        metadata,
        Column("generation", Integer, nullable=False),
        *(_column(name, kind) for name, kind in fields.items()),
        PrimaryKeyConstraint("generation", source.key),
        sqlite_with_rowid=False,
        info={"sight": _OWNED if source is CUSTOMERS else _OF_CUSTOMER},
    )
    if source.key != "customer":
        Index(f"ix_{source.name}_customer", table.c.generation, table.c.customer)
    return table


def _column(name: str, kind: Any) -> Column[Any]:
    if kind in _STORED:
        return Column(name, _STORED[kind], nullable=False)
    (stated,) = (each for each in get_args(kind) if each is not NoneType)
    return Column(name, _STORED[stated])
