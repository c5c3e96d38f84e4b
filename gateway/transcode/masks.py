"""Update masks: read from a query in either spelling, or taken from the fields a body carries."""

from collections.abc import Mapping
from dataclasses import dataclass

from google.api import field_behavior_pb
from guanxi.options.v1 import options_pb
from protobuf import DescField, DescMessage

from gateway.transcode.values import JsonValue

__all__ = ["MaskFields", "mask_fields"]

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

        What only the server sets is left out; what is given once, or what methods of its own
        change, may be named with the value it has: so a resource can be sent back as it was read,
        and a wish for another value isn't taken for none.
        """
        named = body if isinstance(body, dict) else ()
        fields = (self.fields.get(key) for key in named)
        return [field.name for field in fields if field is not None and not field.set_by_server]

    def _proto_path(self, path: str) -> str:
        name, dot, rest = path.partition(".")
        field = self.fields.get(name)
        return path if field is None else field.name + dot + rest


@dataclass(frozen=True, slots=True)
class _MaskField:
    name: str
    set_by_server: bool


def mask_fields(resource: DescMessage) -> MaskFields:
    """Reads a resource's fields from its descriptor; done once, at start."""
    fields: dict[str, _MaskField] = {}
    for field in resource.fields:
        known = _MaskField(field.name, _set_by_the_server(field))
        fields[field.name] = fields[field.json_name] = known
    return MaskFields(fields)


def _set_by_the_server(field: DescField) -> bool:
    options = field.proto.options
    if field.name == "etag":
        return True
    if options is None or options[options_pb.ext_changed_by]:
        return False
    behaviors = options[field_behavior_pb.ext_field_behavior]
    return any(behavior in _NOT_THE_CALLERS for behavior in behaviors)
