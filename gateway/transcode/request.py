"""Compiles one HTTP binding of one method into a function from a request to message bytes.

The wire format makes concatenation a merge: what the path, query and headers say is written after
the body's bytes, so that neither has to be decoded for the other.
"""

import asyncio
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, cast

from protobuf import DescField, DescMessage, Message, Registry, message_from_json_value
from protobuf.wkt import FieldMask

from gateway.contract import ContractError, HttpRule, Method
from gateway.routes import decode_segment, decode_segments
from gateway.templates import Template, Variable
from gateway.transcode.bodies import PIECE_BYTES, Bodies, Piece
from gateway.transcode.explain import DECODE_ERRORS, explain
from gateway.transcode.masks import MaskFields, mask_fields
from gateway.transcode.places import misplaced_in_body, misplaced_in_query
from gateway.transcode.query import QueryFields, parameters_of, put
from gateway.transcode.refusals import (
    duplicate_field,
    invalid_header,
    invalid_value,
    malformed_body,
)
from gateway.transcode.shapes import Shapes
from gateway.transcode.values import (
    JsonValue,
    ReadText,
    field_of,
    holds_any,
    is_http_body,
    kind_of,
    message_of,
    text_reader,
)
from services.chassis.errors import DomainError

__all__ = ["Extras", "RequestCodec"]

_RESUME = "resume_token"
_ETAG = re.compile(r'(W/)?"[^"]*"')


@dataclass(frozen=True, slots=True)
class Extras:
    """What headers add to a request; empty where a header is absent."""

    if_match: str = ""
    idempotency_key: str = ""
    last_event_id: str = ""
    content_type: str = ""


NO_EXTRAS = Extras()


class RequestCodec:
    """Makes the bytes of a method's request message out of one HTTP request."""

    def __init__(self, method: Method, rule: HttpRule, template: Template, types: Registry) -> None:
        self._label = f"{method.full_name} ({rule.method} {rule.path})"
        self._message = _message(types, method.request_type)
        self._variables = [self._compiled(variable) for variable in template.variables]
        bound = [variable.field_path for variable in template.variables]
        self._types = types if holds_any(self._message) else None
        self._body_field = self._field_of_body(rule)
        inner = message_of(self._body_field) if self._body_field is not None else None
        self._body_message = inner or self._message
        self._bodies = self._bodies_of(rule, bound, types)
        excluded = [*bound, *([rule.body] if rule.body else [])]
        self._query = QueryFields(
            () if rule.body == "*" else parameters_of(self._message, excluded),
            misplaced_in_query(self._message, rule.body, bound),
        )
        self._etag = self._path_of_etag()
        self._request_id = self._top_level("request_id")
        self._resume = self._top_level(_RESUME)
        self._mask = self._mask_of(rule)

    @property
    def resumable(self) -> bool:
        """Whether a stream of this method can be resumed after a cursor."""
        return bool(self._resume)

    def encode(
        self, captures: Sequence[str], query: str, body: bytes, extras: Extras = NO_EXTRAS
    ) -> bytes:
        """The request's message bytes; raises DomainError naming what is wrong."""
        overlay, mask = self._beside_the_body(captures, query, extras)
        if self._bodies is None and not body:
            return overlay
        return b"".join([*self._encode_body(body, extras), overlay, self._encode_mask(mask, body)])

    async def encode_in_turns(
        self, captures: Sequence[str], query: str, body: bytes, extras: Extras = NO_EXTRAS
    ) -> bytes:
        """The same for a long body: others get their turn after each piece of it."""
        overlay, mask = self._beside_the_body(captures, query, extras)
        parts: list[bytes] = []
        for part in self._encode_body(body, extras):
            parts.append(part)
            await asyncio.sleep(0)
        return b"".join([*parts, overlay, self._encode_mask(mask, body)])

    def _beside_the_body(
        self, captures: Sequence[str], query: str, extras: Extras
    ) -> tuple[bytes, JsonValue]:
        """What path, query and headers say, as bytes; and the update mask, if they have one."""
        values: dict[str, JsonValue] = {}
        for (path, read, multi), raw in zip(self._variables, captures, strict=True):
            put(values, path, _read_variable(read, multi, raw, path), path[-1])
        if query:
            self._query.read(query, values)
        if extras is not NO_EXTRAS:
            self._add(extras, values)
        mask = values.pop("updateMask", None) if self._mask is not None else None
        try:
            return message_from_json_value(self._message.type, values).to_binary(), mask
        except DECODE_ERRORS:
            raise explain(self._message, values, self._types) from None

    def _encode_body(self, body: bytes, extras: Extras) -> Iterator[bytes]:
        if self._bodies is None:
            raise malformed_body("this method takes none")
        field, message = self._body_field, self._body_message
        if is_http_body(message):
            raw = message.type(content_type=extras.content_type, data=body)
            yield raw.to_binary() if field is None else self._wrapped(field, raw)
            return
        if not body:
            if field is not None:
                yield self._wrapped(field, message.type())
            return
        for piece in self._bodies.pieces(body):
            if len(piece.text) > PIECE_BYTES:
                yield b""  # a turn for others between checking and reading
            try:
                decoded = message.type.from_json(piece.text, registry=self._types)
                yield decoded.to_binary() if field is None else self._wrapped(field, decoded)
            except DECODE_ERRORS:
                raise self._explained(self._bodies, piece) from None
            if extras is not NO_EXTRAS:
                self._expect_once(decoded, extras)

    def _expect_once(self, decoded: Any, extras: Extras) -> None:
        """Refuses a header beside a body that says something else of the same field."""
        inside = 1 if self._body_field is None else 2
        etag = decoded.etag if len(self._etag) == inside else ""
        if etag and extras.if_match not in ("", "*") and _bare(etag) != _bare(extras.if_match):
            raise duplicate_field("If-Match")
        key = decoded.request_id if self._request_id and self._body_field is None else ""
        if key and extras.idempotency_key not in ("", key):
            raise duplicate_field("Idempotency-Key")

    def _explained(self, bodies: Bodies, piece: Piece) -> DomainError:
        try:
            piece.text.decode()
        except UnicodeDecodeError as error:
            return invalid_value(bodies.place_of(piece, error.start), "is not valid UTF-8")
        return explain(self._body_message, _loaded(piece.text), self._types, piece.first)

    def _wrapped(self, field: DescField, decoded: Message) -> bytes:
        return self._message.type(**{field.local_name: decoded}).to_binary()

    def _encode_mask(self, text: JsonValue, body: bytes) -> bytes:
        if self._mask is None:
            return b""
        if isinstance(text, str) and text:
            paths = self._mask.paths_of_text(text)
        else:
            paths = self._mask.paths_of_body(_loaded(body) if body else {})
        if not paths:
            return b""
        return self._message.type(update_mask=FieldMask(paths=paths)).to_binary()

    def _add(self, extras: Extras, values: dict[str, JsonValue]) -> None:
        if extras.if_match and extras.if_match != "*":
            if not self._etag:
                raise invalid_header("If-Match", "this method has no etag to compare")
            put(values, self._etag, _one_etag(extras.if_match), "If-Match")
        if extras.idempotency_key and self._request_id:
            put(values, self._request_id, extras.idempotency_key, "Idempotency-Key")
        if extras.last_event_id and self._resume:
            values[self._resume[0]] = extras.last_event_id

    def _compiled(self, variable: Variable) -> tuple[tuple[str, ...], ReadText, bool]:
        path: list[str] = []
        at: DescMessage | None = self._message
        field: DescField | None = None
        for name in variable.field_path.split("."):
            field = field_of(at, name) if at is not None else None
            if field is None:
                raise ContractError(f"{self._label}: no field {variable.field_path!r}")
            path.append(field.json_name)
            at = message_of(field)
        kind, repeated = kind_of(field) if field is not None else (None, True)
        read = text_reader(kind) if kind is not None and not repeated else None
        if read is None:
            raise ContractError(f"{self._label}: {variable.field_path!r} can't be part of a path")
        return tuple(path), read, variable.multi_segment

    def _field_of_body(self, rule: HttpRule) -> DescField | None:
        if rule.body and rule.method in ("GET", "DELETE"):
            raise ContractError(f"{self._label}: {rule.method} takes no body")
        if rule.body in ("", "*"):
            return None
        field = field_of(self._message, rule.body)
        inner = message_of(field) if field is not None else None
        if field is None or inner is None or inner.type_name.startswith("google.protobuf."):
            raise ContractError(f"{self._label}: body {rule.body!r} is not one message field")
        return field

    def _bodies_of(self, rule: HttpRule, bound: list[str], types: Registry) -> Bodies | None:
        if not rule.body:
            return None
        shapes = Shapes(types)
        misplaced = misplaced_in_body(self._message, rule.body, bound)
        return Bodies(shapes.of(self._body_message), shapes, misplaced)

    def _path_of_etag(self) -> tuple[str, ...]:
        if etag := self._top_level("etag"):
            return etag
        inner = message_of(self._body_field) if self._body_field is not None else None
        if self._body_field is not None and inner is not None and field_of(inner, "etag"):
            return self._body_field.json_name, "etag"
        return ()

    def _mask_of(self, rule: HttpRule) -> MaskFields | None:
        field = field_of(self._message, "update_mask")
        resource = message_of(self._body_field) if self._body_field is not None else None
        if rule.method != "PATCH" or field is None or resource is None:
            return None
        return mask_fields(resource)

    def _top_level(self, name: str) -> tuple[str, ...]:
        field = field_of(self._message, name)
        return (field.json_name,) if field is not None else ()


def _one_etag(header: str) -> str:
    """An If-Match header (RFC 9110, section 13.1.1) with one etag, as services give them."""
    if not _ETAG.fullmatch(header):
        raise invalid_header("If-Match", 'must be *, or one etag as it was given: W/"…"')
    return header


def _bare(etag: str) -> str:
    """What is compared of an etag, however it is written."""
    return etag.removeprefix("W/").strip('"')


def _read_variable(read: ReadText, multi: bool, raw: str, path: tuple[str, ...]) -> JsonValue:
    try:
        return read(decode_segments(raw) if multi else decode_segment(raw))
    except UnicodeDecodeError:
        raise invalid_value(".".join(path), "is not valid UTF-8") from None
    except ValueError as error:
        raise invalid_value(".".join(path), str(error)) from None


def _loaded(body: bytes) -> JsonValue:
    """A body that has been checked, as Python has it."""
    return cast(JsonValue, json.loads(body))


def _message(types: Registry, name: str) -> DescMessage:
    message = types.message(name)
    if message is None:
        raise ContractError(f"message {name} has no generated type; run `make protos`")
    return message
