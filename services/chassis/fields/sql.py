"""What a record has in one custom field, in SQL: the same text in a filter, an order and an index,
so that the database knows one by the other."""

from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, Boolean, ColumnElement, Text, literal_column
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeEngine

from services.chassis.fields.declarations import FieldType

__all__ = ["Held"]


class _As(StrEnum):
    """What PostgreSQL makes of the text of a JSON value; SQLite has it right by itself."""

    TEXT = "TEXT"
    NUMBER = "NUMBER"
    TRUTH = "TRUTH"
    ARRAY = "ARRAY"


_READ_AS = {
    FieldType.NUMBER: _As.NUMBER,
    FieldType.MONEY: _As.NUMBER,
    FieldType.FLAG: _As.TRUTH,
    FieldType.CHOICES: _As.ARRAY,
}
_TYPES: dict[_As, TypeEngine[Any]] = {
    _As.TEXT: Text(),
    _As.NUMBER: BigInteger(),
    _As.TRUTH: Boolean(),
    _As.ARRAY: Text(),
}


class Held(FunctionElement[Any]):
    """The value under a key of a `FieldValues` column; NULL without one. The key is one of a
    declaration: letters, digits and underscores, so it is written where it stands."""

    inherit_cache = True

    def __init__(self, column: ColumnElement[Any], key: str, type: FieldType) -> None:
        if not key.isascii() or not key.replace("_", "a").isalnum():
            raise ValueError(f"{key!r} is no key of a custom field")
        read_as = _READ_AS.get(type, _As.TEXT)
        super().__init__(column, literal_column(f"'{key}'"), literal_column(f"'{read_as}'"))
        self.type = _TYPES[read_as]


@compiles(Held, "sqlite")
def _sqlite(element: Held, compiler: SQLCompiler, **options: Any) -> str:
    column, key, _ = _parts(element, compiler, options)
    return f"json_extract({column}, '$.{key[1:-1]}[1]')"


@compiles(Held, "postgresql")
def _postgresql(element: Held, compiler: SQLCompiler, **options: Any) -> str:
    column, key, read_as = _parts(element, compiler, options)
    value = f"CAST({column} AS JSONB) -> {key}"
    match read_as[1:-1]:
        case _As.NUMBER:
            return f"CAST({value} ->> 1 AS BIGINT)"
        case _As.TRUTH:
            return f"CAST({value} ->> 1 AS BOOLEAN)"
        case _As.ARRAY:
            return f"({value} -> 1)"
        case _:
            return f'(({value} ->> 1) COLLATE "C")'


def _parts(element: Held, compiler: SQLCompiler, options: Any) -> list[str]:
    return [compiler.process(clause, **options) for clause in element.clauses]
