"""`make run` as a process, for the tests that talk to it."""

from __future__ import annotations

import signal
import subprocess
import sys
import time

from tests.support.suite import ROOT, Suite

_UP_SECONDS = 120.0


class LocalRun:
    """`python -m deploy.local` in a folder of its own, its output read as it comes."""

    def __init__(self, suite: Suite, *options: str) -> None:
        self.suite = suite
        self.output = suite.folder / "make-run.log"
        with self.output.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "deploy.local", *options],
                env=suite.environment,
                cwd=ROOT,
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def text(self) -> str:
        return self.output.read_text("utf-8")

    def wait_for(self, text: str, count: int = 1) -> float:
        started = time.monotonic()
        while self.text().count(text) < count:
            assert time.monotonic() - started < _UP_SECONDS, self.text()[-5000:]
            assert self.process.poll() is None, self.text()[-5000:]
            time.sleep(0.1)
        return time.monotonic() - started

    def interrupt(self) -> float:
        started = time.monotonic()
        self.process.send_signal(signal.SIGINT)
        self.process.wait(30)
        return time.monotonic() - started
