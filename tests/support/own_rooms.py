"""A kind of contract for import-linter: rooms that a slice keeps to itself."""

from __future__ import annotations

from typing import Any

from grimp import ImportGraph
from importlinter.application import output
from importlinter.domain.contract import Contract, ContractCheck
from importlinter.domain.fields import SetField, StringField

__all__ = ["OwnRooms"]


class OwnRooms(Contract):
    """No slice imports one of `rooms` from another slice of its service. `services` are packages
    whose packages are slices; what stands beside the slices (main, reactions) may."""

    type_name = "own_rooms"

    services: Any = SetField(subfield=StringField())
    rooms: Any = SetField(subfield=StringField())

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:
        broken = [
            (importer, imported)
            for imported in sorted(graph.modules)
            if self._slice_of(imported, self.rooms)
            and f"{self._slice_of(imported)}.servicer" in graph.modules
            for importer in sorted(graph.find_modules_that_directly_import(imported))
            if self._slice_of(importer) not in ("", self._slice_of(imported))
        ]
        return ContractCheck(kept=not broken, metadata={"broken": broken})

    def render_broken_contract(self, check: ContractCheck) -> None:
        for importer, imported in check.metadata["broken"]:
            output.print_error(f"{importer} imports {imported}, a room of another slice's own")

    def _slice_of(self, module: str, rooms: Any = None) -> str:
        """`services.sales.orders` of a module in it, and in one of the rooms; else nothing."""
        for service in self.services:
            name, *room = module.removeprefix(f"{service}.").split(".")
            if module.startswith(f"{service}.") and room and (rooms is None or room[0] in rooms):
                return f"{service}.{name}"
        return ""
