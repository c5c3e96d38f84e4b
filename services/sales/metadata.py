"""The metadata that all tables of the service belong to; the tables themselves are in the slices."""

from services.chassis.store import chassis_tables, new_metadata

__all__ = ["metadata"]

metadata = new_metadata()
chassis_tables(metadata)
