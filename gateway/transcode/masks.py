"""Update masks: read from a query in either spelling, or taken from the fields a body carries."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from google.api import field_behavior_pb
from protobuf import DescField, DescMessage

from gateway.transcode.values import JsonValue, is_leaf, message_of

__all__ = ["MaskFields", "mask_fields"]

_MAX_DEPTH = 4
_NOT_THE_CALLERS = (
    field_behavior_pb.FieldBehavior.OUTPUT_ONLY,
    field_behavior_pb.FieldBehavior.IDENTIFIER,
)


@dataclass(frozen=True, slots=True)
class MaskFields:
    """The fields of a resource by either spelling, with what a mask needs to know of each."""

    fields: Mapping[str, "_MaskField"]

    def paths_of_text(self, text: str) -> list[str]:
        """The paths of a mask in proto spelling; what the resource doesn't have stays as written,
        for the service to refuse."""
        return [self._proto_path(path.strip()) for path in text.split(",") if path.strip()]

    def paths_of_body(self, body: JsonValue) -> list[str]:
        """The fields a body sets, so that setting one to nothing changes it too (AIP-134).

        What only the server sets is left out, so that a resource can be sent back as it was read.
        A field with parts is named part by part where it is a message of our own.
        """
        return list(self._paths(body, ""))

    def _paths(self, body: JsonValue, prefix: str) -> Iterator[str]:
        for key, value in body.items() if isinstance(body, dict) else ():
            field = self.fields.get(key)
            if field is None or field.set_by_server:
                continue
            if field.parts is not None and value:
                yield from field.parts._paths(value, f"{prefix}{field.name}.")
            else:
                yield prefix + field.name

    def _proto_path(self, path: str) -> str:
        name, dot, rest = path.partition(".")
        field = self.fields.get(name)
        if field is None:
            return path
        tail = field.parts._proto_path(rest) if field.parts is not None and dot else rest
        return field.name + dot + tail


@dataclass(frozen=True, slots=True)
class _MaskField:
    name: str
    set_by_server: bool
    parts: MaskFields | None


def mask_fields(resource: DescMessage, depth: int = _MAX_DEPTH) -> MaskFields:
    """Reads a resource's fields from its descriptor; done once, at start."""
    fields: dict[str, _MaskField] = {}
    for field in resource.fields:
        inner = message_of(field)
        own = inner is not None and not is_leaf(field) and depth > 1
        parts = mask_fields(inner, depth - 1) if own and inner is not None else None
        fields[field.name] = fields[field.json_name] = _MaskField(
            field.name, _set_by_the_server(field), parts
        )
    return MaskFields(fields)


def _set_by_the_server(field: DescField) -> bool:
    options = field.proto.options
    behaviors = options[field_behavior_pb.ext_field_behavior] if options is not None else ()
    return field.name == "etag" or any(behavior in _NOT_THE_CALLERS for behavior in behaviors)
