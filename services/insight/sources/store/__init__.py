"""The records of all sources, and which customers a statement is about."""

from typing import Final

from services.insight.metadata import metadata
from services.insight.sources.registered import SOURCES
from services.insight.sources.store.records import KeptRecords, Records
from services.insight.sources.store.selection import EVERYONE, Few, Selection, Span

__all__ = [
    "EVERYONE",
    "RECORDS",
    "Few",
    "KeptRecords",
    "Records",
    "Selection",
    "Span",
    "known_names",
    "load",
    "next_span_end",
]

RECORDS: Final = Records(SOURCES, metadata)
"""What the service keeps."""

known_names = RECORDS.known_names
load = RECORDS.load
next_span_end = RECORDS.next_span_end
