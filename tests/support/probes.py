"""A contract of the tests' own, with what the suite's contracts have no use for yet: a message of
everything, and files. Built when it is first asked for, so that it is not among the suite's own.
"""

from __future__ import annotations

import atexit
import importlib
import shutil
import sys
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

from protobuf import DescMessage

from gateway.contract import Contract, contract_of
from gateway.templates import parse_template
from gateway.transcode.request import RequestCodec
from gateway.transcode.response import ResponseCodec
from protos.build import build
from services.chassis.descriptors import load_catalogue

_PROTOS = Path(__file__).with_name("protos")
PACKAGE = "guanxi.customer.test.v1"


@cache
def probe_contract() -> Contract:
    """The contract; its modules can be imported from now on, beside the suite's."""
    out = Path(tempfile.mkdtemp(prefix="guanxi-probes-"))
    atexit.register(shutil.rmtree, out)
    build(_PROTOS, out, out)
    sys.path.append(str(out))
    # A namespace package finds a new folder on the path only when it is asked for anew.
    for name in [name for name in sys.modules if name.split(".")[0] in ("guanxi", "google")]:
        path = getattr(sys.modules[name], "__path__", None)
        folder = out.joinpath(*name.split("."))
        if path is not None and folder.is_dir() and str(folder) not in list(path):
            path.append(str(folder))
    importlib.invalidate_caches()
    return contract_of(load_catalogue(out / "guanxi.binpb"))


def message(name: str) -> Any:
    """A class of messages as services use it: `message("Probe")`."""
    probe_contract()
    return getattr(importlib.import_module(f"{PACKAGE}.probes_pb2"), name)


def service() -> str:
    """The full name of the service."""
    probe_contract()
    importlib.import_module(f"{PACKAGE}.probes_pb2")
    return f"{PACKAGE}.ProbeService"


@cache
def request_codec(method: str) -> RequestCodec:
    """How the gateway reads requests of a method."""
    contract = probe_contract()
    found = next(each for each in contract.methods if each.name == method)
    rule = contract.rules[found.path][0]
    return RequestCodec(found, rule, parse_template(rule.path), contract.types)


def probe_message() -> DescMessage:
    """The message of everything, as the gateway knows it."""
    found = probe_contract().types.message(f"{PACKAGE}.Probe")
    assert found is not None
    return found


def response_codec(name: str) -> ResponseCodec:
    """How the gateway writes a message."""
    return ResponseCodec(f"{PACKAGE}.{name}", probe_contract().types)


def serving(servicer: Any) -> tuple[Any, Any]:
    """A servicer of probes with what adds it to a server."""
    probe_contract()
    stubs = importlib.import_module(f"{PACKAGE}.probes_pb2_grpc")
    return stubs.add_ProbeServiceServicer_to_server, servicer
