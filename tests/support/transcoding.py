"""Encodes HTTP requests of the real contract, for tests of the transcoder."""

from __future__ import annotations

import json
from typing import Any

import pytest
from google.protobuf.message import Message
from guanxi.customer.v1 import customers_pb2

from gateway.contract import Contract, load_contract
from gateway.templates import parse_template
from gateway.transcode.request import Extras, RequestCodec
from services.chassis.errors import DomainError

CONTRACT: Contract = load_contract()


def codec(method: str) -> RequestCodec:
    found = next(m for m in CONTRACT.methods if m.name == method)
    rule = CONTRACT.rules[found.path][0]
    return RequestCodec(found, rule, parse_template(rule.path), CONTRACT.types)


CODECS = {
    name: codec(name)
    for name in (
        "GetCustomer",
        "ListCustomers",
        "CreateCustomer",
        "UpdateCustomer",
        "BatchGetCustomers",
        "LogTouchpoint",
        "BatchCreateOrders",
        "CancelOrder",
        "ListOrders",
        "WatchAlerts",
        "GetPrediction",
        "ListDueCustomers",
        "ListPurchases",
    )
}


def encode(
    method: str,
    reply: type[Message],
    *captures: str,
    query: str = "",
    body: Any = None,
    extras: Extras | None = None,
) -> Any:
    text = b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
    data = CODECS[method].encode(captures, query, text, *([extras] if extras else []))
    return reply.FromString(data)


def refusal(method: str, *captures: str, **request: Any) -> DomainError:
    with pytest.raises(DomainError) as caught:
        encode(method, customers_pb2.Customer, *captures, **request)
    return caught.value
