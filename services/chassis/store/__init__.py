"""One service's database: `Store` opens it, `ReadTransaction` and `WriteTransaction` use it, and
`columns` says what to store things as. Knows no business noun."""

from services.chassis.store.bulk import Taken
from services.chassis.store.columns import (
    Choice,
    Json,
    Name,
    Names,
    Rank,
    Several,
    UtcTime,
    holds_name,
)
from services.chassis.store.connections import AnyRow, PoolUse, StartRefused
from services.chassis.store.known import KnownNames
from services.chassis.store.mirror import Mirror, RenewedMirror
from services.chassis.store.sessions import ReadTransaction, WriteTransaction
from services.chassis.store.sights import Named, OfCustomer, Owned, Shared, Through
from services.chassis.store.store import Store
from services.chassis.store.tables import ChassisTables, chassis_tables, new_metadata
from services.chassis.store.upsert import upsert

__all__ = [
    "AnyRow",
    "ChassisTables",
    "Choice",
    "Json",
    "KnownNames",
    "Mirror",
    "Name",
    "Named",
    "Names",
    "OfCustomer",
    "Owned",
    "PoolUse",
    "Rank",
    "ReadTransaction",
    "RenewedMirror",
    "Several",
    "Shared",
    "StartRefused",
    "Store",
    "Taken",
    "Through",
    "UtcTime",
    "WriteTransaction",
    "chassis_tables",
    "holds_name",
    "new_metadata",
    "upsert",
]
