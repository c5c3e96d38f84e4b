"""INSERT … ON CONFLICT for both engines; SQLAlchemy has one construct for each dialect."""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, Insert, Table
from sqlalchemy.dialects import postgresql, sqlite

__all__ = ["upsert"]


def upsert(
    dialect: str,
    table: Table,
    *,
    key: Sequence[str],
    update: Sequence[str] | None = None,
    where: ColumnElement[bool] | None = None,
    newest: str = "",
) -> Insert:
    """An insert that updates the named columns where the key is taken; run it with `run(_many)`.

    `update` None means every column outside the key, () leaves the row alone. `where` limits which
    taken rows change; the others are left alone, as are those with a larger value in the column
    `newest`. The row count tells whether a row was written.
    """
    construct = postgresql.insert if dialect == "postgresql" else sqlite.insert
    insert = construct(table)
    if update is None:
        update = [column.name for column in table.columns if column.name not in key]
    if not update:
        return insert.on_conflict_do_nothing(index_elements=list(key))
    values = {name: insert.excluded[name] for name in update}
    if newest:
        not_older = insert.excluded[newest] >= table.c[newest]
        where = not_older if where is None else where & not_older
    return insert.on_conflict_do_update(index_elements=list(key), set_=values, where=where)
