"""`make run` as a process, for the tests that talk to it."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable

from tests.support.suite import ROOT, Suite

_UP_SECONDS = 120.0


class LocalRun:
    """`python -m deploy.local` in a folder of its own, its output read as it comes."""

    def __init__(self, suite: Suite, *options: str) -> None:
        self.suite = suite
        self._output = suite.folder / "make-run.log"
        self._output.write_bytes(b"")
        # Supervisord opens it once more: only what is appended is not written over.
        with self._output.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "deploy.local", *options],
                env=suite.environment,
                cwd=ROOT,
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def text(self) -> str:
        """What it has printed so far."""
        return self._output.read_text("utf-8")

    def wait_until(self, holds: Callable[[], bool]) -> None:
        """Waits for something that must come true while it runs."""
        give_up_at = time.monotonic() + _UP_SECONDS
        while not holds():
            assert time.monotonic() < give_up_at, self.text()[-5000:]
            assert self.process.poll() is None, self.text()[-5000:]
            time.sleep(0.02)

    def wait_for(self, text: str, count: int = 1) -> None:
        """Waits until it has printed the text so many times."""
        self.wait_until(lambda: self.text().count(text) >= count)

    def interrupt(self) -> float:
        """Ctrl-C; the seconds until it was gone, and with it all that listened."""
        started = time.monotonic()
        self.process.send_signal(signal.SIGINT)
        self.process.wait(30)
        took = time.monotonic() - started
        for port in self.suite.ports.values():
            with socket.socket() as probe:
                assert probe.connect_ex(("127.0.0.1", port)) != 0, f"{port} is still served"
        return took
