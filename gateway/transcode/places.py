"""Where a field of a request belongs, to be said of a key that was found in another place."""

from collections.abc import Collection, Mapping

from protobuf import DescMessage

from gateway.transcode.query import parameters_of
from gateway.transcode.values import field_of, message_of

__all__ = ["misplaced_in_body", "misplaced_in_query"]


def misplaced_in_query(message: DescMessage, body: str, bound: Collection[str]) -> dict[str, str]:
    """Keys that no query of the binding takes, by either spelling, with where they belong."""
    places: dict[str, str] = {}
    inner_field = field_of(message, body)
    inner = message_of(inner_field) if inner_field is not None else None
    if body == "*":
        places |= _every(message)
    elif inner is not None and inner_field is not None:
        inside = _every(inner)
        places |= inside
        for name in (inner_field.name, inner_field.json_name):
            places |= {name: "body"} | {f"{name}.{key}": place for key, place in inside.items()}
    for path in bound:
        for parameter in parameters_of(message):
            if ".".join(parameter.proto_path) == path:
                places |= dict.fromkeys(parameter.spellings(), "path")
    return places


def misplaced_in_body(message: DescMessage, body: str, bound: Collection[str]) -> Mapping[str, str]:
    """Fields of the request beside the one that its body is, with where they belong."""
    if body == "*":
        return {}
    return {
        name: "path" if field.name in bound else "query"
        for field in message.fields
        if field.name != body
        for name in (field.name, field.json_name)
    }


def _every(message: DescMessage) -> dict[str, str]:
    names = {name: "body" for field in message.fields for name in (field.name, field.json_name)}
    nested = (spelling for p in parameters_of(message) for spelling in p.spellings())
    return names | dict.fromkeys(nested, "body")
