"""The whole description: one operation per HTTP binding, errors and sign-in said once."""

from collections.abc import Mapping, Sequence
from importlib.metadata import version
from typing import Any, cast

from google.api import field_behavior_pb
from protobuf import DescField, DescMessage

from gateway.contract import Contract, HttpRule, Method
from gateway.http.head import REQUEST_ID_PATTERN, TIMEOUT_PATTERN
from gateway.openapi.errors import ERRORS
from gateway.openapi.names import operation_ids
from gateway.openapi.paths import PathParameter, openapi_path
from gateway.openapi.schemas import Schema, Schemas, Use, behaviors_of
from gateway.templates import parse_template
from gateway.transcode.query import Parameter, parameters_of
from gateway.transcode.values import is_http_body, kind_of
from services.chassis.descriptors import Idempotency
from services.chassis.wire import CAUGHT_UP

__all__ = ["openapi_document"]

_INTRODUCTION = """\
Customers, sales work, and what follows from both.

Conventions: names are paths such as `customers/ann`; pages are asked for with `pageSize` and
`pageToken`; `filter` is AIP-160 (`AND`, `OR`, `NOT`, comparisons, `:` for "has"); fields are
camelCase (snake_case is understood); 64-bit integers are text; what is not set is left out.
Errors have one form, with a machine-readable `reason`."""

_JSON = ("application/json",)
_STREAM = ("text/event-stream", "application/x-ndjson")
_FILE = ("application/octet-stream",)

_HEADERS: dict[str, Schema] = {
    "IdempotencyKey": {
        "name": "Idempotency-Key",
        "in": "header",
        "description": "The same as `requestId`: a repeat with the same key gets the first result.",
        "schema": {"type": "string", "maxLength": 128},
    },
    "IfMatch": {
        "name": "If-Match",
        "in": "header",
        "description": 'The same as `etag`, in double quotes: `"…"`.',
        "schema": {"type": "string"},
    },
    "Consistency": {
        "name": "X-Consistency",
        "in": "header",
        "description": "`caught-up`: answer only once what was written before is read, or say "
        "UNAVAILABLE (`NOT_CAUGHT_UP`).",
        # No const and no enum: generators make a type of each, or leave the operation out.
        "schema": {"type": "string", "pattern": f"^{CAUGHT_UP}$"},
    },
    "Timeout": {
        "name": "X-Timeout",
        "in": "header",
        "description": "Seconds that the caller will wait, at most 300: `2.5`.",
        "schema": {"type": "string", "pattern": f"^{TIMEOUT_PATTERN}$"},
    },
    "RequestId": {
        "name": "X-Request-Id",
        "in": "header",
        "description": "What the answer and the logs call this request; one is made if there is "
        "none.",
        "schema": {"type": "string", "pattern": f"^{REQUEST_ID_PATTERN}$"},
    },
    "LastEventId": {
        "name": "Last-Event-ID",
        "in": "header",
        "description": "The same as `resumeToken`; browsers send it when they reconnect.",
        "schema": {"type": "string"},
    },
}


def openapi_document(contract: Contract) -> dict[str, Any]:
    """The description of every public method that has a place in HTTP."""
    schemas = Schemas(contract.catalogue.comments)
    paths: dict[str, dict[str, Schema]] = {}
    services: dict[str, str] = {}
    served = [method for method in contract.methods if contract.rules[method.path]]
    names = operation_ids(method.full_name for method in served)
    for method in served:
        for number, rule in enumerate(contract.rules[method.path], 1):
            path, operation = _operation(contract, schemas, method, rule)
            name = names[method.full_name]
            operation["operationId"] = name if number == 1 else f"{name}{number}"
            paths.setdefault(path, {})[rule.method.lower()] = operation
            services[_tag(method)] = schemas.comment(method.service)
    components, references = schemas.components(taken=ERRORS)
    document = {
        "openapi": "3.1.0",
        "info": {"title": "Guanxi", "version": version("guanxi"), "description": _INTRODUCTION},
        "servers": [{"url": "/"}],
        "tags": [{"name": name, "description": text} for name, text in sorted(services.items())],
        "paths": dict(sorted(paths.items())),
        "components": {
            "schemas": {**ERRORS, **dict(sorted(components.items()))},
            "parameters": _HEADERS,
            "responses": {
                "Error": {
                    "description": "Any error.",
                    "content": {"application/json": {"schema": _ref("schemas", "Error")}},
                }
            },
            "securitySchemes": {
                "apiKey": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "An API key, `gx_<id>_<secret>`.",
                },
                "apiKeyHeader": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
            },
        },
        "security": [{"apiKey": []}, {"apiKeyHeader": []}],
    }
    return cast(dict[str, Any], _resolved(document, references))


def _operation(
    contract: Contract, schemas: Schemas, method: Method, rule: HttpRule
) -> tuple[str, Schema]:
    request = _message(contract, method.request_type)
    template = parse_template(rule.path)
    path, path_parameters = openapi_path(template)
    bound = [variable.field_path for variable in template.variables]
    comment = schemas.comment(method.full_name)
    operation: Schema = {
        "operationId": "",
        "tags": [_tag(method)],
        "summary": comment.split(". ")[0].rstrip("."),
        "description": comment,
        "x-permission": method.permission,
    }
    parameters = [_path_parameter(schemas, request, p) for p in path_parameters]
    if rule.body != "*":
        excluded = [*bound, *([rule.body] if rule.body else [])]
        parameters += _query_parameters(schemas, request, excluded)
    parameters += [_ref("parameters", name) for name in _headers(request, rule, method)]
    if parameters:
        operation["parameters"] = parameters
    if rule.body:
        operation["requestBody"] = _body(schemas, request, rule, bound)
    operation["responses"] = {
        "200": _answer(schemas, _message(contract, method.response_type), method),
        "default": _ref("responses", "Error"),
    }
    return path, operation


def _answer(schemas: Schemas, reply: DescMessage, method: Method) -> Schema:
    schema = schemas.reference(reply, Use.REPLY)
    if is_http_body(reply):
        return _content("The file; `Content-Type` says what it is.", _FILE, schema)
    if method.server_streaming:
        return _content("A stream of these, one after the other.", _STREAM, schema)
    return _content("Done.", _JSON, schema)


def _content(description: str, kinds: Sequence[str], schema: Schema) -> Schema:
    return {"description": description, "content": {kind: {"schema": schema} for kind in kinds}}


def _body(schemas: Schemas, request: DescMessage, rule: HttpRule, bound: list[str]) -> Schema:
    if rule.body != "*":
        body = kind_of(_field(request, (rule.body,)))[0]
        use = Use.CHANGE if rule.method == "PATCH" else Use.REQUEST
        schema = schemas.reference(body, use) if body is not None else {}
        raw = isinstance(body, DescMessage) and is_http_body(body)
        return {"required": True, "content": {kind: {"schema": schema} for kind in _kinds(raw)}}
    raw = is_http_body(request)
    schema = schemas.reference(request, Use.REQUEST) if raw else schemas.without(request, bound)
    return {
        "required": raw or _needs_something(request, bound),
        "content": {kind: {"schema": schema} for kind in _kinds(raw)},
    }


def _kinds(raw: bool) -> tuple[str, ...]:
    return _FILE if raw else _JSON


def _needs_something(request: DescMessage, bound: list[str]) -> bool:
    return any(
        field_behavior_pb.FieldBehavior.REQUIRED in behaviors_of(field)
        for field in request.fields
        if field.name not in bound
    )


def _path_parameter(schemas: Schemas, request: DescMessage, parameter: PathParameter) -> Schema:
    described: Schema = {
        "name": parameter.name,
        "in": "path",
        "required": True,
        "schema": {"type": "string"},
    }
    if parameter.field_path:
        field = _field(request, tuple(parameter.field_path.split(".")))
        described["description"] = f"Part of `{parameter.field_path}`: " + schemas.comment(
            f"{field.parent.type_name}.{field.name}"
        )
    return described


def _query_parameters(schemas: Schemas, request: DescMessage, excluded: list[str]) -> list[Schema]:
    return [
        _query_parameter(schemas, request, parameter)
        for parameter in parameters_of(request, excluded)
        if not _part_of_a_date(request, parameter)
    ]


def _query_parameter(schemas: Schemas, request: DescMessage, parameter: Parameter) -> Schema:
    field = _field(request, parameter.proto_path)
    schema = schemas.field(field, Use.REQUEST)
    description = schema.pop("description", "")
    if _is_date(field):
        schema = {"type": "string", "format": "date"}
    described: Schema = {"name": ".".join(parameter.path), "in": "query", "schema": schema}
    if description:
        described["description"] = description
    return described


def _part_of_a_date(request: DescMessage, parameter: Parameter) -> bool:
    """A date is one text in a query; that its parts are understood too would only confuse."""
    outer = parameter.proto_path[:-1]
    return bool(outer) and _is_date(_field(request, outer))


def _is_date(field: DescField) -> bool:
    kind, _ = kind_of(field)
    return isinstance(kind, DescMessage) and kind.type_name == "google.type.Date"


def _headers(request: DescMessage, rule: HttpRule, method: Method) -> list[str]:
    names = {field.name for field in request.fields}
    body = kind_of(_field(request, (rule.body,)))[0] if rule.body not in ("", "*") else None
    inside = {field.name for field in body.fields} if isinstance(body, DescMessage) else set()
    headers = []
    if "request_id" in names:
        headers.append("IdempotencyKey")
    if rule.method != "GET" and ("etag" in names or (rule.method == "PATCH" and "etag" in inside)):
        headers.append("IfMatch")
    if "resume_token" in names:
        headers.append("LastEventId")
    if method.idempotency is Idempotency.READ_ONLY:
        headers.append("Consistency")
    return [*headers, "Timeout", "RequestId"]


def _field(message: DescMessage, path: tuple[str, ...]) -> DescField:
    field = next(field for field in message.fields if field.name == path[0])
    kind, _ = kind_of(field)
    if len(path) > 1 and isinstance(kind, DescMessage):
        return _field(kind, path[1:])
    return field


def _message(contract: Contract, name: str) -> DescMessage:
    message = contract.types.message(name)
    if message is None:
        raise LookupError(name)
    return message


def _tag(method: Method) -> str:
    return method.service.rpartition(".")[2]


def _resolved(part: Any, references: Mapping[str, str]) -> Any:
    """The document with the final names of its components."""
    if isinstance(part, dict):
        return {
            key: references.get(inner, inner) if key == "$ref" else _resolved(inner, references)
            for key, inner in part.items()
        }
    return [_resolved(inner, references) for inner in part] if isinstance(part, list) else part


def _ref(kind: str, name: str) -> Schema:
    return {"$ref": f"#/components/{kind}/{name}"}
