"""JSON schemas of messages and enums, as ProtoJSON writes them."""

from collections.abc import Collection, Mapping
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

__all__ = ["Schema", "Schemas"]

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


class Schemas:
    """Collects the component schemas that what is asked for needs."""

    def __init__(self, comments: Mapping[str, str]) -> None:
        self._comments = comments
        self.components: dict[str, Schema] = {}

    def reference(self, kind: ScalarType | DescEnum | DescMessage) -> Schema:
        """The schema of one value; for our own types a reference to a component."""
        if isinstance(kind, ScalarType):
            return dict(_SCALARS[kind])
        if kind.type_name in _WELL_KNOWN:
            return dict(_WELL_KNOWN[kind.type_name])
        if kind.type_name not in self.components:
            self.components[kind.type_name] = {}  # a message may hold itself
            self.components[kind.type_name] = (
                self._enum(kind) if isinstance(kind, DescEnum) else self.message(kind)
            )
        return {"$ref": f"#/components/schemas/{kind.type_name}"}

    def message(self, message: DescMessage, excluded: Collection[str] = ()) -> Schema:
        """A message as an object, without the fields named by `excluded`."""
        fields = [field for field in message.fields if field.name not in excluded]
        schema: Schema = {"type": "object"}
        if text := self.comment(message.type_name):
            schema["description"] = text
        schema["properties"] = {field.json_name: self.field(field) for field in fields}
        required = [f.json_name for f in fields if _BEHAVIOR.REQUIRED in behaviors_of(f)]
        if required:
            schema["required"] = required
        return schema

    def field(self, field: DescField) -> Schema:
        """A field with its comment, its limits and who may set it."""
        schema = self._shape(field)
        schema |= _limits(field)
        if text := self.comment(f"{field.parent.type_name}.{field.name}"):
            schema["description"] = text
        behaviors = behaviors_of(field)
        if _BEHAVIOR.OUTPUT_ONLY in behaviors:
            schema["readOnly"] = True
        if field.deprecated:
            schema["deprecated"] = True
        return schema

    def comment(self, full_name: str) -> str:
        """The comment of a declaration, its lines joined into paragraphs."""
        paragraphs = self._comments.get(full_name, "").split("\n\n")
        return "\n\n".join(" ".join(paragraph.split()) for paragraph in paragraphs).strip()

    def _shape(self, field: DescField) -> Schema:
        match field.value:
            case DescFieldValueScalar(scalar=scalar):
                return self.reference(scalar)
            case DescFieldValueEnum(enum=enum):
                return self.reference(enum)
            case DescFieldValueMessage(message=message):
                return self.reference(message)
            case DescFieldValueList(element=element):
                return {"type": "array", "items": self.reference(element)}
            case DescFieldValueMap(value=value):
                return {"type": "object", "additionalProperties": self.reference(value)}

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
