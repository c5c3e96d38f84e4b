"""Envoy's gRPC-JSON transcoder in front of one service, from its wheel, to compare with.

Configured as its documentation shows: no access log, no tracing, no sign-in, no limits.
"""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_START_SECONDS = 20.0
_HTTP2_OPTIONS = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"
_FILTERS = "type.googleapis.com/envoy.extensions.filters"


@dataclass(frozen=True, slots=True)
class RunningEnvoy:
    """Where it listens, and its process."""

    port: int
    pid: int


@contextmanager
def envoy(
    folder: Path, descriptors: Path, service: str, target_port: int
) -> Iterator[RunningEnvoy]:
    """Runs Envoy with one worker thread until the block is left.

    Raises:
        RuntimeError: it does not start.
    """
    port = _free_port()
    config = folder / "envoy.json"
    config.write_text(json.dumps(_config(port, descriptors, service, target_port)), "utf-8")
    binary = Path(sys.executable).with_name("envoy")
    command = [str(binary), "-c", str(config), "--concurrency", "1", "-l", "error"]
    log_file = folder / "envoy.log"
    with log_file.open("wb") as log:
        process = subprocess.Popen(
            [*command, "--disable-hot-restart"], stdout=log, stderr=subprocess.STDOUT
        )
    try:
        _wait_until_open(port, process, log_file)
        yield RunningEnvoy(port, process.pid)
    finally:
        process.terminate()
        process.wait(15)


def _config(port: int, descriptors: Path, service: str, target_port: int) -> dict[str, Any]:
    transcoder = {
        "@type": f"{_FILTERS}.http.grpc_json_transcoder.v3.GrpcJsonTranscoder",
        "proto_descriptor": str(descriptors),
        "services": [service],
        "print_options": {"always_print_primitive_fields": False},
    }
    router = {"@type": f"{_FILTERS}.http.router.v3.Router"}
    route = {
        "match": {"prefix": "/"},
        "route": {"cluster": "service", "timeout": "10s"},
    }
    connections = {
        "@type": f"{_FILTERS}.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": "rest",
        "route_config": {"virtual_hosts": [{"name": "all", "domains": ["*"], "routes": [route]}]},
        "http_filters": [
            {"name": "envoy.filters.http.grpc_json_transcoder", "typed_config": transcoder},
            {"name": "envoy.filters.http.router", "typed_config": router},
        ],
    }
    http2 = {
        "@type": f"type.googleapis.com/{_HTTP2_OPTIONS}",
        "explicit_http_config": {"http2_protocol_options": {}},
    }
    cluster = {
        "name": "service",
        "type": "STATIC",
        "typed_extension_protocol_options": {_HTTP2_OPTIONS: http2},
        "load_assignment": {
            "cluster_name": "service",
            "endpoints": [{"lb_endpoints": [{"endpoint": {"address": _address(target_port)}}]}],
        },
    }
    network_filter = {
        "name": "envoy.filters.network.http_connection_manager",
        "typed_config": connections,
    }
    listener = {"address": _address(port), "filter_chains": [{"filters": [network_filter]}]}
    return {"static_resources": {"listeners": [listener], "clusters": [cluster]}}


def _address(port: int) -> dict[str, Any]:
    return {"socket_address": {"address": "127.0.0.1", "port_value": port}}


def _wait_until_open(port: int, process: subprocess.Popen[bytes], log_file: Path) -> None:
    give_up_at = time.monotonic() + _START_SECONDS
    while process.poll() is None and time.monotonic() < give_up_at:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise RuntimeError(f"Envoy does not start: {log_file.read_text('utf-8')[-2000:]}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
