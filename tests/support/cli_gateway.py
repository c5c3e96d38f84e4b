"""A gateway that `guanxi` talks to, in threads: its commands run a loop of their own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import grpc
import pytest

__all__ = ["reached"]


@contextmanager
def reached(
    monkeypatch: pytest.MonkeyPatch,
    gateway: object,
    *registers: Callable[[Any, Any], None],
    threads: int = 4,
) -> Iterator[None]:
    """The command line reaches these services of the gateway."""
    server: Any = grpc.server(ThreadPoolExecutor(threads))
    for register in registers:
        register(gateway, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    monkeypatch.setenv("GUANXI_CLI_TARGET", f"127.0.0.1:{port}")
    monkeypatch.setenv("GUANXI_CLI_API_KEY", "key")
    try:
        yield
    finally:
        server.stop(None).wait()
