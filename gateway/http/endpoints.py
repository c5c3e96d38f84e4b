"""What one HTTP binding needs to be served, put together once at start."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from gateway.backends import Backends, Multicallable
from gateway.contract import Contract, ContractError, Method, owner_of
from gateway.resuming import Positions, positions_of
from gateway.routes import AmbiguousRoute, Route, RouteTable
from gateway.templates import TemplateError, parse_template
from gateway.transcode.request import RequestCodec
from gateway.transcode.response import ResponseCodec

__all__ = ["MAX_BATCH_BODY_BYTES", "MAX_BODY_BYTES", "Endpoint", "route_table"]

MAX_BODY_BYTES = 4 * 1024 * 1024
MAX_BATCH_BODY_BYTES = 16 * 1024 * 1024
_BATCH = re.compile(r"Batch[A-Z]")


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One HTTP binding: how its requests and replies are coded, whom it calls, what it accepts."""

    method: Method
    owner: str
    route: str
    request: RequestCodec
    response: ResponseCodec
    call: Multicallable
    max_body_bytes: int
    positions: Positions | None


def route_table(contract: Contract, backends: Backends) -> RouteTable[Endpoint]:
    """Every HTTP binding of the contract; raises ContractError naming the methods at fault."""
    try:
        return RouteTable(_routes(contract, backends))
    except AmbiguousRoute as error:
        raise ContractError(str(error)) from error


def _routes(contract: Contract, backends: Backends) -> Iterator[Route[Endpoint]]:
    positions = positions_of(contract)
    for method in contract.methods:
        for rule in contract.rules[method.path]:
            try:
                template = parse_template(rule.path)
            except TemplateError as error:
                raise ContractError(f"{method.full_name}: {error}") from error
            connect = backends.server_stream if method.server_streaming else backends.unary
            endpoint = Endpoint(
                method,
                owner_of(method),
                rule.path,
                RequestCodec(method, rule, template, contract.types),
                ResponseCodec(method.response_type, contract.types),
                connect(method),
                MAX_BATCH_BODY_BYTES if _BATCH.match(method.name) else MAX_BODY_BYTES,
                positions.get(method.path),
            )
            yield Route(rule.method, template, endpoint, method.full_name)
