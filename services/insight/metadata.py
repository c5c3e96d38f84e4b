"""The metadata every table of this service is declared on; the slices' stores declare them."""

from services.chassis.store import chassis_tables, new_metadata

__all__ = ["metadata"]

metadata = new_metadata()
chassis_tables(metadata)
