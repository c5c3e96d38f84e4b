"""Rules of a contract (`buf.validate`) in words: what a value that breaks one should look like."""

import re
from collections.abc import Mapping, Sequence
from functools import cache
from types import MappingProxyType
from typing import Any, Final

from google.protobuf.descriptor import EnumDescriptor
from google.protobuf.message import Message
from protovalidate import Violation

from services.chassis.names import ID_PATTERN

__all__ = ["form_of", "said"]

_ID_WORDS: Final = "lower-case letters, digits and hyphens, at most 63, no hyphen at either end"
_ID: Final = re.compile(rf"(?:([a-zA-Z]+)/)?{re.escape(ID_PATTERN)}")
_CHOICE: Final = re.compile(r"(?P<before>[^()|]*)\((?P<choices>[^()]*)\)(?P<after>[^()|]*)")
_NOT_IN_A_NAME: Final = re.compile(r"[^A-Za-z0-9/{} -]")
# What is no name of a resource.
_OTHERS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "^[A-Z]{3}$": "three capital letters, the code by ISO 4217: EUR",
        "^[A-Z]{2}$": "two capital letters, the code by CLDR or ISO 3166-1: CN",
        "^[a-z][a-z0-9]*(_[a-z0-9]+)*$": "a key: lower-case letters and digits, parted by single "
        "underscores, a letter first: annual_budget",
        r"^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)?$": "a field as filters name it: owner, or "
        "custom_fields.tier",
        "^[a-z0-9]([a-z0-9_-]{0,61}[a-z0-9])?$": "lower-case letters, digits, hyphens and "
        "underscores, at most 63, none of the last two at either end: gold",
        "^[a-z]{1,63}$": "a collection in lower-case letters: customers",
        "^[a-z]+/[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$": "the name of a resource: customers/acme",
        "^-?[0-9]+([.][0-9]+)?$": "a number with a point: -12.5",
        "^[0-9]{1,9}([.][0-9]{1,9})?$": "a number with a point and at most nine digits on either "
        "side: 1.2734",
        r"^[^\s@,;<>]{1,64}@[^\s@,;<>.]+([.][^\s@,;<>.]+)*$": "one e-mail address: ann@example.com",
        "^([^0-9０-９]*[0-9０-９]){3}": "a phone number, which has three digits or more",
    }
)


def said(violation: Violation, message: Message) -> str:
    """What is wrong, in words, with a field of the message; the validator's where they will do."""
    match violation.proto.rule_id:
        case "string.pattern":
            told = form_of(str(violation.rule_value))
        case "string.in":
            told = f"one of {', '.join(each for each in _listed(violation.rule_value) if each)}"
        case "enum.not_in" | "enum.defined_only":
            told = _choices(_enum_of(violation, message))
        case _:
            return str(violation.proto.message)
    if not told:
        return str(violation.proto.message)
    return f"must be {told}" if violation.field_value else f"is required: {told}"


@cache
def form_of(pattern: str) -> str:
    """What matches a pattern of the contract: `customers/{customer}: …`; empty if unknown."""
    if pattern in _OTHERS:
        return _OTHERS[pattern]
    named = _ID.sub(_segment, pattern.removeprefix("^").removesuffix("$"))
    choice = _CHOICE.fullmatch(named)
    if choice is not None:
        before, after = choice["before"], choice["after"]
        named = " or ".join(f"{before}{each}{after}" for each in choice["choices"].split("|"))
    if "{" not in named or _NOT_IN_A_NAME.search(named):
        return ""
    return f"{named}: {_ID_WORDS}" if "/" in named else f"an id: {_ID_WORDS}"


def _segment(found: re.Match[str]) -> str:
    collection = found[1]
    if collection is None:
        return "{id}"
    one = f"{collection[:-3]}y" if collection.endswith("ies") else collection.removesuffix("s")
    return f"{collection}/{{{one}}}"


def _choices(enum: EnumDescriptor | None) -> str:
    """The names that a caller may choose from; contracts have no use for that of zero."""
    if enum is None:
        return ""
    return f"one of {', '.join(each.name for each in enum.values if each.number)}"


def _enum_of(violation: Violation, message: Message) -> EnumDescriptor | None:
    """The enum of the field that a violation is about."""
    inner: Any = message.DESCRIPTOR
    field: Any = None
    for element in violation.proto.field.elements if violation.proto.field is not None else ():
        field = inner.fields_by_name[element.field_name]
        inner = field.message_type
        if inner is not None and inner.GetOptions().map_entry:
            field = inner.fields_by_name["value"]
            inner = field.message_type
    return None if field is None else field.enum_type


def _listed(value: Any) -> Sequence[str]:
    return [str(each) for each in value]
