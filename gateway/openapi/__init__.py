"""The API's description, OpenAPI 3.1, made from the descriptors and their comments."""

from gateway.openapi.document import openapi_document

__all__ = ["openapi_document"]
