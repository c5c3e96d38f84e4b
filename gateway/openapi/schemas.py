"""JSON schemas of messages and enums, as ProtoJSON writes them."""

from collections.abc import Collection, Mapping
from enum import Enum
from typing import Any, TypeAlias

from buf.validate import validate_pb
from google.api import field_behavior_pb
from protobuf import (
    DescEnum,
    DescField,
    DescFieldValueEnum,
    DescFieldValueList,
    DescFieldValueMap,
    DescFieldValueMessage,
    DescFieldValueScalar,
    DescMessage,
    ScalarType,
)

from gateway.openapi.names import schema_names
from gateway.transcode.values import part_of

__all__ = ["Schema", "Schemas", "Use"]

Schema: TypeAlias = dict[str, Any]

_BEHAVIOR = field_behavior_pb.FieldBehavior

_SCALARS: Mapping[ScalarType, Schema] = {
    ScalarType.DOUBLE: {"type": "number", "format": "double"},
    ScalarType.FLOAT: {"type": "number", "format": "float"},
    ScalarType.BOOL: {"type": "boolean"},
    ScalarType.STRING: {"type": "string"},
    ScalarType.BYTES: {"type": "string", "contentEncoding": "base64"},
    ScalarType.INT32: {"type": "integer", "format": "int32"},
    ScalarType.SINT32: {"type": "integer", "format": "int32"},
    ScalarType.SFIXED32: {"type": "integer", "format": "int32"},
    ScalarType.UINT32: {"type": "integer", "format": "int64", "minimum": 0},
    ScalarType.FIXED32: {"type": "integer", "format": "int64", "minimum": 0},
    # 64 bits don't fit into a JavaScript number, so ProtoJSON writes them as text.
    ScalarType.INT64: {"type": "string", "format": "int64"},
    ScalarType.SINT64: {"type": "string", "format": "int64"},
    ScalarType.SFIXED64: {"type": "string", "format": "int64"},
    ScalarType.UINT64: {"type": "string", "format": "uint64"},
    ScalarType.FIXED64: {"type": "string", "format": "uint64"},
}

_WELL_KNOWN: Mapping[str, Schema] = {
    "google.protobuf.Timestamp": {"type": "string", "format": "date-time"},
    "google.protobuf.Duration": {"type": "string", "pattern": r"^-?[0-9]+([.][0-9]{1,9})?s$"},
    "google.protobuf.FieldMask": {"type": "string", "description": "Field paths, with commas."},
    "google.protobuf.Empty": {"type": "object"},
    "google.protobuf.Struct": {"type": "object"},
    "google.protobuf.Value": {},
    "google.protobuf.ListValue": {"type": "array", "items": {}},
    "google.api.HttpBody": {"type": "string", "format": "binary"},
    "google.protobuf.Any": {
        "type": "object",
        "properties": {"@type": {"type": "string"}},
        "required": ["@type"],
        "additionalProperties": True,
    },
    "google.protobuf.DoubleValue": _SCALARS[ScalarType.DOUBLE],
    "google.protobuf.FloatValue": _SCALARS[ScalarType.FLOAT],
    "google.protobuf.Int64Value": _SCALARS[ScalarType.INT64],
    "google.protobuf.UInt64Value": _SCALARS[ScalarType.UINT64],
    "google.protobuf.Int32Value": _SCALARS[ScalarType.INT32],
    "google.protobuf.UInt32Value": _SCALARS[ScalarType.UINT32],
    "google.protobuf.BoolValue": _SCALARS[ScalarType.BOOL],
    "google.protobuf.StringValue": _SCALARS[ScalarType.STRING],
    "google.protobuf.BytesValue": _SCALARS[ScalarType.BYTES],
}


_TELLING = frozenset(
    {_BEHAVIOR.REQUIRED, _BEHAVIOR.OUTPUT_ONLY, _BEHAVIOR.INPUT_ONLY, _BEHAVIOR.IDENTIFIER}
)


class Use(Enum):
    """What a message is said of; who may set which field depends on it. The value ends its name."""

    REPLY = ""
    REQUEST = "Input"
    CHANGE = "Patch"


_ALWAYS_THERE = {
    Use.REPLY: frozenset({_BEHAVIOR.IDENTIFIER}),
    Use.REQUEST: frozenset({_BEHAVIOR.REQUIRED}),
    Use.CHANGE: frozenset[field_behavior_pb.FieldBehavior](),
}


class Schemas:
    """Collects the component schemas that what is asked for needs.

    A message that looks the same in requests and replies has one schema; any other has one for
    each use. In a reply nothing is required but the name of a resource: what is not set is left
    out, and views leave out more. In a change nothing is required at all.
    """

    def __init__(self, comments: Mapping[str, str]) -> None:
        self._comments = comments
        self._made: dict[tuple[str, str], Schema] = {}

    def components(self, taken: Collection[str]) -> tuple[dict[str, Schema], Mapping[str, str]]:
        """All that was asked for, by name, with the reference that stands for each until then."""
        names = schema_names(self._made, taken)
        references = {_key(*made): f"#/components/schemas/{names[made]}" for made in self._made}
        return {names[made]: schema for made, schema in self._made.items()}, references

    def reference(self, kind: ScalarType | DescEnum | DescMessage, use: Use) -> Schema:
        """The schema of one value; for our own types a reference to a component."""
        if isinstance(kind, ScalarType):
            return dict(_SCALARS[kind])
        if kind.type_name in _WELL_KNOWN:
            return dict(_WELL_KNOWN[kind.type_name])
        made = (kind.type_name, self._ending(kind, use))
        if made not in self._made:
            self._made[made] = {}  # a message may hold itself
            self._made[made] = (
                self._enum(kind) if isinstance(kind, DescEnum) else self.message(kind, use)
            )
        return {"$ref": _key(*made)}

    def without(self, message: DescMessage, excluded: Collection[str]) -> Schema:
        """A reference to a request's message without what the path says already."""
        made = (message.type_name, "")
        schema = self.message(message, Use.REQUEST, excluded)
        if self._made.setdefault(made, schema) != schema:
            return schema  # another binding of the method, with another path
        return {"$ref": _key(*made)}

    def message(self, message: DescMessage, use: Use, excluded: Collection[str] = ()) -> Schema:
        """A message as an object, without the fields named by `excluded`."""
        left_out = _BEHAVIOR.INPUT_ONLY if use is Use.REPLY else _BEHAVIOR.OUTPUT_ONLY
        fields = [
            field
            for field in message.fields
            if field.name not in excluded and left_out not in behaviors_of(field)
        ]
        schema: Schema = {"type": "object"}
        if text := self.comment(message.type_name):
            schema["description"] = text
        schema["properties"] = {field.json_name: self.field(field, use) for field in fields}
        always = _ALWAYS_THERE[use]
        required = [f.json_name for f in fields if always.intersection(behaviors_of(f))]
        if required:
            schema["required"] = required
        return schema

    def field(self, field: DescField, use: Use) -> Schema:
        """A field with its comment, its limits and who may set it."""
        schema = self._shape(field, use) | _limits(field)
        if text := self.comment(f"{field.parent.type_name}.{field.name}"):
            schema["description"] = text
        if _BEHAVIOR.OUTPUT_ONLY in behaviors_of(field):
            schema["readOnly"] = True
        if field.deprecated:
            schema["deprecated"] = True
        return schema

    def comment(self, full_name: str) -> str:
        """The comment of a declaration, its lines joined into paragraphs."""
        paragraphs = self._comments.get(full_name, "").split("\n\n")
        return "\n\n".join(" ".join(paragraph.split()) for paragraph in paragraphs).strip()

    def _shape(self, field: DescField, use: Use) -> Schema:
        # What is in a list or a map is replaced as a whole.
        inside = Use.REQUEST if use is Use.CHANGE else use
        match field.value:
            case DescFieldValueScalar(scalar=scalar):
                return self.reference(scalar, use)
            case DescFieldValueEnum(enum=enum):
                return self.reference(enum, use)
            case DescFieldValueMessage(message=message):
                return self.reference(message, use)
            case DescFieldValueList(element=element):
                return {"type": "array", "items": self.reference(element, inside)}
            case DescFieldValueMap(value=value):
                return {"type": "object", "additionalProperties": self.reference(value, inside)}

    def _ending(self, kind: DescEnum | DescMessage, use: Use) -> str:
        """What tells the uses of a type apart; empty where nothing has to."""
        if isinstance(kind, DescEnum) or not _is_marked(kind, set()):
            return ""
        is_request = kind.type_name.endswith("Request")
        return "" if is_request and use is Use.REQUEST else use.value

    def _enum(self, enum: DescEnum) -> Schema:
        meanings = [
            f"- `{value.name}`: {text}"
            for value in enum.values
            if (text := self.comment(f"{enum.type_name}.{value.name}"))
        ]
        parts = [self.comment(enum.type_name), "\n".join(meanings)]
        return {
            "type": "string",
            "description": "\n\n".join(part for part in parts if part),
            "enum": [value.name for value in enum.values],
        }


def _is_marked(message: DescMessage, seen: set[str]) -> bool:
    """Whether it is said of any field in a message who may set it."""
    if message.type_name in seen:
        return False
    seen.add(message.type_name)
    if any(_TELLING.intersection(behaviors_of(field)) for field in message.fields):
        return True
    parts = (part_of(field) for field in message.fields)
    return any(isinstance(part, DescMessage) and _is_marked(part, seen) for part in parts)


def _key(full_name: str, ending: str) -> str:
    return f"{full_name}+{ending}"


def behaviors_of(field: DescField) -> list[field_behavior_pb.FieldBehavior]:
    """What `google.api.field_behavior` says of a field."""
    options = field.proto.options
    return options[field_behavior_pb.ext_field_behavior] if options is not None else []


def _limits(field: DescField) -> Schema:
    """The rules of buf.validate that JSON schema has a word for."""
    options = field.proto.options
    if options is None or validate_pb.ext_field not in options:
        return {}
    rules = options[validate_pb.ext_field]
    match rules.type.value if rules.type is not None else None:
        case validate_pb.StringRules() as text:
            # An empty text may count as not stated, and then the pattern doesn't hold for it.
            optional = rules.ignore == validate_pb.Ignore.IF_ZERO_VALUE
            pattern = "" if optional else text.pattern
            limits = {
                "pattern": pattern,
                "maxLength": text.max_len,
                "minLength": text.min_len,
            }
        case validate_pb.RepeatedRules() as listed:
            limits = {"maxItems": listed.max_items, "minItems": listed.min_items}
        case validate_pb.Int32Rules() as number:
            bounds = (number.greater_than, number.less_than)
            words = {"gte": "minimum", "lte": "maximum"}
            return {words[b.field]: b.value for b in bounds if b is not None and b.field in words}
        case _:
            return {}
    return {word: limit for word, limit in limits.items() if limit}
