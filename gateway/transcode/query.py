"""Query parameters: which a method takes, and how they become the request's ProtoJSON value."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from urllib.parse import unquote_to_bytes

from protobuf import DescMessage

from gateway.transcode.refusals import (
    duplicate_field,
    invalid_value,
    only_one_of,
    unknown_field,
)
from gateway.transcode.values import (
    JsonValue,
    ReadText,
    kind_of,
    message_of,
    oneof_of,
    text_reader,
)
from services.chassis.errors import DomainError

__all__ = ["Parameter", "QueryFields", "append", "parameters_of", "parse_query", "put"]

_MAX_DEPTH = 4


@dataclass(frozen=True, slots=True)
class Parameter:
    """One field that a query may carry: its path by JSON names, and how its text is read.

    `choices` are the oneofs on its path, each with the member that the path goes through.
    """

    path: tuple[str, ...]
    proto_path: tuple[str, ...]
    read: ReadText
    repeated: bool
    choices: tuple[tuple[str, str], ...] = ()

    def spellings(self) -> Iterator[str]:
        """Every way to write the path: each part by its JSON or its proto name."""
        for spelling in product(*zip(self.path, self.proto_path, strict=True)):
            yield ".".join(spelling)


def parameters_of(
    message: DescMessage, excluded: Collection[str] = (), depth: int = _MAX_DEPTH
) -> Iterator[Parameter]:
    """The fields of a request that can be written in a query, nested ones by dotted path.

    `excluded` are paths by proto names that come from elsewhere: the path or the body. Maps and
    lists of messages have no text form and are left out.
    """
    for field in message.fields:
        if field.name in excluded:
            continue
        kind, repeated = kind_of(field)
        read = text_reader(kind) if kind is not None else None
        oneof = oneof_of(field)
        choices = ((oneof, field.name),) if oneof else ()
        if read is not None:
            yield Parameter((field.json_name,), (field.name,), read, repeated, choices)
        inner = message_of(field)
        # google.type.Date is both: one text, or its parts.
        if inner is not None and not inner.type_name.startswith("google.protobuf.") and depth > 1:
            rest = {
                path.removeprefix(f"{field.name}.")
                for path in excluded
                if path.startswith(f"{field.name}.")
            }
            for nested in parameters_of(inner, rest, depth - 1):
                yield Parameter(
                    (field.json_name, *nested.path),
                    (field.name, *nested.proto_path),
                    nested.read,
                    nested.repeated,
                    (*choices, *((f"{o} of {field.name}", name) for o, name in nested.choices)),
                )


class QueryFields:
    """The parameters of one method, found by either spelling of every part of their path.

    `misplaced` are keys that belong somewhere else, and where.
    """

    def __init__(self, parameters: Iterable[Parameter], misplaced: Mapping[str, str]) -> None:
        self._parameters: Mapping[str, Parameter] = {
            spelling: parameter for parameter in parameters for spelling in parameter.spellings()
        }
        self._misplaced = misplaced

    def read(self, query: str, values: dict[str, JsonValue]) -> None:
        """Adds what the query says to a request; raises DomainError naming the parameter."""
        chosen: dict[str, str] = {}
        for key, text in parse_query(query):
            parameter = self._parameters.get(key)
            if parameter is None:
                raise self._unknown(key)
            for oneof, member in parameter.choices:
                if chosen.setdefault(oneof, member) != member:
                    raise only_one_of(key, oneof)
            try:
                value = parameter.read(text)
            except ValueError as error:
                raise invalid_value(key, str(error)) from None
            if parameter.repeated:
                append(values, parameter.path, value, key)
            else:
                put(values, parameter.path, value, key)

    def _unknown(self, key: str) -> DomainError:
        fields = (".".join(each.path) for each in self._parameters.values())
        return unknown_field(key, self._misplaced.get(key, ""), fields=fields)


def parse_query(query: str, plus: str = " ") -> Iterator[tuple[str, str]]:
    """The decoded pairs of a query string, in order; `plus` is what a bare `+` stands for.

    Raises DomainError for text that is not UTF-8.
    """
    for pair in query.split("&"):
        if pair:
            key, _, text = pair.partition("=")
            yield _decode(key, plus), _decode(text, plus)


def _decode(text: str, plus: str) -> str:
    if "+" in text:
        text = text.replace("+", plus)
    if "%" not in text:
        return text
    try:
        return unquote_to_bytes(text).decode()
    except UnicodeDecodeError:
        raise invalid_value(text[:100], "is not valid UTF-8") from None


def put(values: dict[str, JsonValue], path: tuple[str, ...], value: JsonValue, label: str) -> None:
    """Sets a value at a path of nested objects, making those on the way.

    Raises DomainError, naming `label`, where there is a value already.
    """
    inner = _at(values, path, label)
    if path[-1] in inner:
        raise duplicate_field(label)
    inner[path[-1]] = value


def append(
    values: dict[str, JsonValue], path: tuple[str, ...], value: JsonValue, label: str
) -> None:
    """Adds a value to the list at a path of nested objects, making those on the way."""
    items = _at(values, path, label).setdefault(path[-1], [])
    if isinstance(items, list):
        items.append(value)


def _at(values: dict[str, JsonValue], path: tuple[str, ...], label: str) -> dict[str, JsonValue]:
    for name in path[:-1]:
        inner = values.setdefault(name, {})
        if not isinstance(inner, dict):
            raise duplicate_field(label)
        values = inner
    return values
