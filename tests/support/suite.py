"""The whole suite as a user runs it: four real processes on free ports, one data folder; and more
replicas of them (`sales.2`), where the stores are PostgreSQL databases."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from deploy.local.keys import DevelopmentKeys, development_keys

ROOT = Path(__file__).parents[2]
MODULES = {
    "customer": "services.customer",
    "sales": "services.sales",
    "insight": "services.insight",
    "gateway": "gateway",
}
_READY_SECONDS = 60.0
_SETTLED_SECONDS = 60.0


@dataclass(slots=True)
class Suite:
    """Four processes that can be stopped, killed and started one by one."""

    folder: Path
    environment: dict[str, str]
    keys: DevelopmentKeys
    ports: dict[str, int]
    _running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    @property
    def rest(self) -> str:
        """Host and port of REST."""
        return f"127.0.0.1:{self.ports['rest']}"

    def migrate(self, *names: str) -> None:
        """Brings stores (all three by default) to this version's revision."""
        migrating = [
            subprocess.Popen(
                [sys.executable, "-m", module, "migrate"],
                env=self.environment,
                cwd=ROOT,
                stdout=subprocess.DEVNULL,
            )
            for name, module in MODULES.items()
            if name != "gateway" and (name in names or not names)
        ]
        ended = [process.wait() for process in migrating]
        assert not any(ended)

    def start(self, *names: str) -> None:
        """Starts processes (all by default) and waits until they are ready."""
        for name in names or tuple(MODULES):
            with (self.folder / f"{name}.log").open("ab") as log:
                self._running[name] = subprocess.Popen(
                    [sys.executable, "-m", MODULES[_service(name)], "serve"],
                    env=self._environment_of(name),
                    cwd=ROOT,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                )
        for name in names or tuple(MODULES):
            self._wait_until_ready(name)

    def pid(self, name: str) -> int:
        """The process id of a running process."""
        return self._running[name].pid

    def kill(self, name: str) -> None:
        """Ends a process as a power cut would."""
        self._end(name, signal.SIGKILL)

    def stop(self) -> None:
        """Ends every process the orderly way."""
        for name in tuple(self._running):
            self._running[name].terminate()
        for name in tuple(self._running):
            self._end(name, signal.SIGTERM)

    def guanxi(
        self, *arguments: str, check: bool = True, key: str = ""
    ) -> subprocess.CompletedProcess[str]:
        """Runs the command line against this suite, with the development key or another one."""
        result = self.popen_guanxi(*arguments, key=key)
        out, _ = result.communicate(timeout=300)
        completed = subprocess.CompletedProcess(arguments, result.returncode, out, "")
        assert not check or completed.returncode == 0, out
        return completed

    def popen_guanxi(self, *arguments: str, key: str = "") -> subprocess.Popen[str]:
        """Starts the command line and lets it run."""
        return subprocess.Popen(
            [sys.executable, "-c", "from cli.start import main; main()", *arguments],
            env={
                **self.environment,
                "GUANXI_CLI_API_KEY": key or self.keys.api_key,
                "GUANXI_CLI_TARGET": f"127.0.0.1:{self.ports['grpc']}",
                "PYTHONPATH": str(ROOT),
                "COLUMNS": "200",
            },
            cwd=self.folder,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )

    def get(self, path: str, **query: str) -> dict[str, Any]:
        """The JSON of a REST read that must succeed."""
        status, body = self.request("GET", f"{path}?{urlencode(query)}" if query else path)
        assert status == http.client.OK, body
        return body

    def request(
        self, method: str, path: str, body: Mapping[str, Any] | None = None
    ) -> tuple[int, dict[str, Any]]:
        """Status and JSON of any REST call."""
        connection = http.client.HTTPConnection(self.rest, timeout=30)
        try:
            connection.request(
                method,
                path,
                body=None if body is None else json.dumps(body),
                headers={
                    "Authorization": f"Bearer {self.keys.api_key}",
                    "Content-Type": "application/json",
                },
            )
            response = connection.getresponse()
            return response.status, json.loads(response.read() or b"{}")
        finally:
            connection.close()

    def log(self, name: str) -> str:
        """What a process has logged so far."""
        return (self.folder / f"{name}.log").read_text("utf-8")

    def _environment_of(self, name: str) -> dict[str, str]:
        """A replica has addresses of its own."""
        if name in MODULES:
            return self.environment
        service = _service(name).upper()
        return {
            **self.environment,
            f"GUANXI_{service}_LISTEN": f"127.0.0.1:{self.ports[name]}",
            f"GUANXI_{service}_ADMIN_LISTEN": f"127.0.0.1:{self.ports[f'{name}_admin']}",
        }

    def _wait_until_ready(self, name: str) -> None:
        give_up_at = time.monotonic() + _READY_SECONDS
        while time.monotonic() < give_up_at:
            assert self._running[name].poll() is None, f"{name} ended:\n{self.log(name)}"
            if _ready(self.ports[f"{name}_admin"]):
                return
            time.sleep(0.05)
        raise AssertionError(f"{name} is not ready:\n{self.log(name)}")

    def _end(self, name: str, number: signal.Signals) -> None:
        process = self._running.pop(name)
        process.send_signal(number)
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise AssertionError(f"{name} did not end:\n{self.log(name)}") from None


def new_suite(folder: Path, *, replicas: bool = False, **settings: str) -> Suite:
    """A suite in a folder of its own, neither migrated nor started. `settings` are environment
    variables without their prefix: `base_currency="GBP"`. With `replicas`, `sales` and `sales.2`
    are behind one target, and so on."""
    folder.mkdir(parents=True, exist_ok=True)
    keys = development_keys(folder, folder / "api-keys.json")
    services = ("customer", "sales", "insight")
    second = tuple(f"{name}.2" for name in services)
    admin = tuple(f"{name}_admin" for name in (*services, *second, "gateway"))
    names = (*services, *second, "rest", "grpc", *admin)
    ports = dict(zip(names, _free_ports(len(names)), strict=True))
    given = {
        "data_dir": str(folder),
        "token_public_keys_file": str(keys.public_keys_file),
        **{
            f"{process}_token_private_key_file": str(file)
            for process, file in keys.private_key_files.items()
        },
        "gateway_listen": f"127.0.0.1:{ports['rest']}",
        "gateway_grpc_listen": f"127.0.0.1:{ports['grpc']}",
        "gateway_admin_listen": f"127.0.0.1:{ports['gateway_admin']}",
        "gateway_rate_per_second": "100000",
        "gateway_rate_burst": "100000",
    }
    for name in services:
        given[f"{name}_listen"] = given[f"{name}_target"] = f"127.0.0.1:{ports[name]}"
        if replicas:
            both = (f"127.0.0.1:{ports[each]}" for each in (name, f"{name}.2"))
            given[f"{name}_target"] = f"ipv4:{','.join(both)}"
        given[f"{name}_admin_listen"] = f"127.0.0.1:{ports[f'{name}_admin']}"
    inherited = {key: value for key, value in os.environ.items() if not key.startswith("GUANXI_")}
    own = {f"GUANXI_{key.upper()}": value for key, value in {**given, **settings}.items()}
    return Suite(folder, {**inherited, **own}, keys, ports)


@contextmanager
def running_suite(folder: Path, **settings: str) -> Iterator[Suite]:
    """A suite that serves until the block is left."""
    suite = new_suite(folder, replicas=False, **settings)
    suite.migrate()
    try:
        suite.start()
        yield suite
    finally:
        suite.stop()


def settled_facts(suite: Suite) -> list[dict[str, Any]]:
    """The facts of everyone once nothing moves any more: an order moves its customer's lifecycle
    stage by an event, which is one more event for insight to read."""
    give_up_at = time.monotonic() + _SETTLED_SECONDS
    facts = all_facts(suite)
    while time.monotonic() < give_up_at:
        time.sleep(1)
        _wait_until_caught_up(suite, give_up_at)
        before, facts = facts, all_facts(suite)
        if facts == before:
            return facts
    raise AssertionError("the facts do not settle")


def _wait_until_caught_up(suite: Suite, give_up_at: float) -> None:
    """As `guanxi feeds wait` does, without a process of its own each time."""
    while time.monotonic() < give_up_at:
        feeds = suite.get("/v1/feeds")["feeds"]
        if all(each.get("reachable") and not int(each.get("lagPositions", 0)) for each in feeds):
            return
        time.sleep(0.05)


def all_facts(suite: Suite) -> list[dict[str, Any]]:
    """The facts of everyone as they are now."""
    facts: list[dict[str, Any]] = []
    token = ""
    while True:
        page = suite.get("/v1/customerFacts", pageSize="1000", pageToken=token)
        facts += page.get("customerFacts", ())
        token = page.get("nextPageToken", "")
        if not token:
            return facts


def _service(name: str) -> str:
    return name.partition(".")[0]


def _ready(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=1)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == http.client.OK
    except OSError:
        return False
    finally:
        connection.close()


def _free_ports(count: int) -> list[int]:
    sockets = [socket.socket() for _ in range(count)]
    try:
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]
    finally:
        for each in sockets:
            each.close()
