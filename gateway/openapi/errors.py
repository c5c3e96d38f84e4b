"""The form that every error has (AIP-193), as schemas."""

from collections.abc import Mapping
from typing import Any

__all__ = ["ERRORS"]

ERRORS: Mapping[str, dict[str, Any]] = {
    "Error": {
        "type": "object",
        "description": "What went wrong (AIP-193).",
        "required": ["error"],
        "properties": {"error": {"$ref": "#/components/schemas/ErrorBody"}},
    },
    "ErrorBody": {
        "type": "object",
        "description": "What went wrong, for people and for programs.",
        "required": ["code", "message", "status"],
        "properties": {
            "code": {"type": "integer", "description": "The HTTP status."},
            "message": {"type": "string", "description": "For people."},
            "status": {"type": "string", "description": "The canonical code: `NOT_FOUND`."},
            "details": {
                "type": "array",
                "description": "An ErrorInfo with `reason` and `domain`; a BadRequest with the "
                "fields that are wrong; a RetryInfo where trying again helps.",
                "items": {"$ref": "#/components/schemas/ErrorDetail"},
            },
        },
    },
    "ErrorDetail": {
        "type": "object",
        "description": "One of the types of `google.rpc`, by `@type`; others may come.",
        "required": ["@type"],
        "properties": {
            "@type": {
                "type": "string",
                "description": "`type.googleapis.com/google.rpc.ErrorInfo`, `…BadRequest`, "
                "`…RetryInfo`.",
            },
            "reason": {
                "type": "string",
                "description": "ErrorInfo: the reason, for programs: `CUSTOMER_NOT_FOUND`.",
            },
            "domain": {
                "type": "string",
                "description": "ErrorInfo: who refused: `sales.guanxi`.",
            },
            "metadata": {
                "type": "object",
                "description": "ErrorInfo: what there is to know beside the reason.",
                "additionalProperties": {"type": "string"},
            },
            "fieldViolations": {
                "type": "array",
                "description": "BadRequest: every field that is wrong, at most twenty.",
                "items": {"$ref": "#/components/schemas/ErrorFieldViolation"},
            },
            "retryDelay": {
                "type": "string",
                "description": "RetryInfo: when a repeat may help: `1.5s`.",
            },
        },
        "additionalProperties": True,
    },
    "ErrorFieldViolation": {
        "type": "object",
        "description": "One wrong field.",
        "required": ["field", "description"],
        "properties": {
            "field": {
                "type": "string",
                "description": "Its path in the request: `order.lines[2].quantity`.",
            },
            "description": {"type": "string", "description": "What is wrong, for people."},
            "reason": {"type": "string", "description": "What is wrong, for programs."},
        },
        "additionalProperties": True,
    },
}
