"""The metadata all tables of the service belong to; the tables are declared in the slices."""

from services.chassis.store import chassis_tables, new_metadata

__all__ = ["metadata"]

metadata = new_metadata()
chassis_tables(metadata)
