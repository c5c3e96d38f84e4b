"""The filter language of every list, rule and segment (AIP-160): parsed, then compiled to SQL."""

from services.chassis.lists.filters.compiler import compile, compile_node
from services.chassis.lists.filters.fields import (
    BOOL,
    DATE,
    FLOAT,
    INT,
    MAP,
    STRING,
    STRING_LIST,
    TIME,
    Field,
    FieldType,
    ListType,
    StringType,
    enum,
    enum_list,
    money,
)
from services.chassis.lists.filters.parser import MAX_BYTES, MAX_DEPTH, MAX_TERMS, parse
from services.chassis.lists.filters.syntax import Node, Restriction, restrictions, to_text

__all__ = [
    "BOOL",
    "DATE",
    "FLOAT",
    "INT",
    "MAP",
    "MAX_BYTES",
    "MAX_DEPTH",
    "MAX_TERMS",
    "STRING",
    "STRING_LIST",
    "TIME",
    "Field",
    "FieldType",
    "ListType",
    "Node",
    "Restriction",
    "StringType",
    "compile",
    "compile_node",
    "enum",
    "enum_list",
    "money",
    "parse",
    "restrictions",
    "to_text",
]
